import { randomUUID } from 'node:crypto';
import cors from '@fastify/cors';
import Fastify, { type FastifyInstance } from 'fastify';
import type { LimitsConfig } from '../config/limits.ts';
import type { Config } from '../config/schema.ts';
import type { Report } from '../gateway/trail.ts';
import { addSecurityHeaders, answerHeaders } from './answer-headers.ts';
import { addJsonBody } from './body.ts';
import { createRefuseTunnel, createReplyClientError } from './client-error.ts';
import { addClientLimit } from './client-limit.ts';
import { closeConnectionsOnStop } from './connections-on-stop.ts';
import {
  createReplyError,
  formError,
  replyNotFound,
  type Observers,
  type ReportProblem,
} from './reply-error.ts';
import { statusForForm } from './request-form.ts';
import { addRoutes, type RouteParts } from './routes.ts';
import { createTrustProxy } from './trusted-proxies.ts';

export interface AppParts extends RouteParts, Observers {
  readonly listen: Config['listen'];
  readonly client: LimitsConfig['client'];
  /** Longest time the gateway itself may take for one answer, in milliseconds. */
  readonly answerMsMax: number;
  readonly report: Report;
}

/** Room for a token of 16 kB in a cookie, beside the other cookies of the host. */
const headerBytesMax = 32_768;
const bodyBytesMax = 16_384;
const requestTimeoutMs = 10_000;
/** How often Node looks for requests past their time; its default of 30 s would make 10 s up to 40. */
const timeoutCheckMs = 1000;
/** Longer than the 60 s that load balancers keep a connection, so that it is they who close it. */
const keepAliveTimeoutMs = 65_000;

/**
 * The public listener. The order of registration is the order in which a request is judged: caps and
 * timeouts, its form, headers, CORS, the limit per client address, then the routes.
 */
export async function createApp(parts: AppParts): Promise<FastifyInstance> {
  const { listen, client, answerMsMax, report } = parts;
  const replyError = createReplyError(parts);
  const app = Fastify({
    logger: false,
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    trustProxy: createTrustProxy(listen.trustedProxies),
    bodyLimit: bodyBytesMax,
    requestTimeout: requestTimeoutMs,
    connectionTimeout: answerMsMax + requestTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    forceCloseConnections: 'idle',
    exposeHeadRoutes: false,
    return503OnClosing: false,
    http: {
      maxHeaderSize: headerBytesMax,
      headersTimeout: requestTimeoutMs,
      connectionsCheckingInterval: timeoutCheckMs,
      // Node's own answer to a request without one is bare
      requireHostHeader: false,
    },
    clientErrorHandler: createReplyClientError(parts.reportProblem),
    frameworkErrors: (error, request, reply) => {
      reply.headers(answerHeaders(request.id));
      replyError(error, request, reply);
    },
  });
  // beyond 2000 lines Node would drop headers in silence, a second Authorization too; their size stays capped
  app.server.maxHeadersCount = 0;
  answerInNodesPlace(app, parts.reportProblem);

  app.setErrorHandler(replyError);
  app.addHook('onRequest', async ({ id, raw }, reply) => {
    reply.headers(answerHeaders(id));
    const status = statusForForm(raw);
    if (status === undefined) return;
    reply.header('connection', 'close');
    throw formError(status);
  });
  closeConnectionsOnStop(app);
  await addSecurityHeaders(app, listen.allowedOrigins);
  await app.register(cors, {
    origin: [...listen.allowedOrigins],
    credentials: true,
    methods: ['GET', 'POST'],
    allowedHeaders: ['authorization', 'content-type', 'queue-ticket'],
    exposedHeaders: ['retry-after', 'ratelimit', 'ratelimit-policy', 'x-request-id'],
    maxAge: 600,
    // else an OPTIONS without a preflight's headers is answered in plain text
    strictPreflight: false,
  });
  await addClientLimit(app, client, report);
  addJsonBody(app);
  app.setNotFoundHandler({ preHandler: app.rateLimit() }, replyNotFound(parts));
  addRoutes(app, parts);
  return app;
}

/** Two requests that Node would answer by itself, in another form or not at all. */
function answerInNodesPlace(app: FastifyInstance, reportProblem: ReportProblem): void {
  app.server.on('connect', createRefuseTunnel(reportProblem));
  app.server.on('checkExpectation', (request, response) => {
    app.routing(request, response);
  });
}
