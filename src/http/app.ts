import { randomUUID } from 'node:crypto';
import cors from '@fastify/cors';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import Fastify, { type FastifyInstance } from 'fastify';
import type { LimitsConfig } from '../config/limits.ts';
import type { Config } from '../config/schema.ts';
import { Refusal } from '../gateway/refusal.ts';
import type { Report } from '../gateway/trail.ts';
import { clientAddress } from './client-address.ts';
import { replyClientError } from './client-error.ts';
import { createReplyError, replyNotFound, type ReportFault } from './reply-error.ts';
import { refusalStyleHash } from './refusal-page.ts';
import { addRoutes, type RouteParts } from './routes.ts';

export interface AppParts extends RouteParts {
  readonly listen: Config['listen'];
  readonly client: LimitsConfig['client'];
  /** Longest time the gateway itself may take for one answer, in milliseconds. */
  readonly answerMsMax: number;
  readonly report: Report;
  readonly reportFault: ReportFault;
}

/** Room for a token of 16 kB in a cookie, beside the other cookies of the host. */
const headerBytesMax = 32_768;
const bodyBytesMax = 16_384;
const requestTimeoutMs = 10_000;
/** Longer than the 60 s that load balancers keep a connection, so that it is they who close it. */
const keepAliveTimeoutMs = 65_000;
const clientAddressesMax = 50_000;

/**
 * The public listener. The order of registration is the order in which a request is judged: caps and
 * timeouts, headers, CORS, the limit per client address, then the routes.
 */
export async function createApp(parts: AppParts): Promise<FastifyInstance> {
  const { listen, client, answerMsMax, report, reportFault } = parts;
  const app = Fastify({
    logger: false,
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    trustProxy: listen.trustedProxies.length > 0 ? [...listen.trustedProxies] : false,
    bodyLimit: bodyBytesMax,
    requestTimeout: requestTimeoutMs,
    connectionTimeout: answerMsMax + requestTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    forceCloseConnections: 'idle',
    exposeHeadRoutes: false,
    return503OnClosing: false,
    http: { maxHeaderSize: headerBytesMax, headersTimeout: requestTimeoutMs },
    clientErrorHandler: replyClientError,
    frameworkErrors: createReplyError(reportFault),
  });

  app.setErrorHandler(createReplyError(reportFault));
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({
      'x-request-id': request.id,
      'cache-control': 'no-store',
      vary: 'authorization, cookie, origin',
    });
  });

  closeConnectionsOnStop(app);

  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        styleSrc: [refusalStyleHash],
        frameAncestors: ["'self'", ...listen.allowedOrigins],
      },
    },
    // whoever terminates TLS decides for the host, and for its subdomains
    strictTransportSecurity: false,
    // frames are ruled by frame-ancestors, which can name other origins
    frameguard: false,
    referrerPolicy: { policy: 'no-referrer' },
  });
  await app.register(cors, {
    origin: [...listen.allowedOrigins],
    credentials: true,
    methods: ['GET', 'POST'],
    allowedHeaders: ['authorization', 'content-type', 'queue-ticket'],
    exposedHeaders: ['retry-after', 'ratelimit', 'ratelimit-policy', 'x-request-id'],
    maxAge: 600,
  });
  await app.register(rateLimit, {
    max: client.max,
    timeWindow: client.per,
    cache: clientAddressesMax,
    keyGenerator: clientAddress,
    addHeaders: noHeaders,
    addHeadersOnExceeding: noHeaders,
    errorResponseBuilder: (request, { ttl }) => {
      const { max, per: perMs } = client;
      const policies = [{ name: 'client', max, perMs, remaining: 0, resetMs: ttl }];
      const refusal = new Refusal('rate_limited', {
        policies,
        violatedPolicies: ['client'],
        retryAfterMs: ttl,
      });
      report({ requestId: request.id, startedAt: performance.now() }, refusal);
      return refusal;
    },
  });

  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
    done(null, body);
  });
  app.setNotFoundHandler({ preHandler: app.rateLimit() }, replyNotFound);
  addRoutes(app, parts);
  return app;
}

/** Answers given while the listener stops end their connection, which would else stay open for the next request. */
function closeConnectionsOnStop(app: FastifyInstance): void {
  let isStopping = false;
  app.addHook('preClose', (done) => {
    isStopping = true;
    done();
  });
  app.addHook('onSend', async (_request, reply) => {
    if (isStopping) reply.header('connection', 'close');
  });
}

/** The plugin writes an older draft's headers; rate-limit-fields.ts writes the current one's. */
const noHeaders = {
  'x-ratelimit-limit': false,
  'x-ratelimit-remaining': false,
  'x-ratelimit-reset': false,
  'retry-after': false,
};
