import cors from '@fastify/cors';
import type { FastifyInstance } from 'fastify';
import type { LimitsConfig } from '../config/limits.ts';
import type { Config } from '../config/schema.ts';
import type { Report } from '../gateway/trail.ts';
import { addSecurityHeaders } from './answer-headers.ts';
import { addJsonBody } from './body.ts';
import { clientAddress } from './client-address.ts';
import { createClientLimit } from './client-limit.ts';
import type { ObserveConnections } from './connections.ts';
import { createListener } from './listener.ts';
import { problemOf } from './problem.ts';
import { replyNotFound, type Observers } from './reply-error.ts';
import { addRoutes, type RouteParts } from './routes.ts';

export interface AppParts extends RouteParts, Observers {
  readonly listen: Config['listen'];
  readonly client: LimitsConfig['client'];
  /** Connections served at a time. */
  readonly connectionsMax: number;
  readonly observeConnections: ObserveConnections;
  /** Longest time the gateway itself may take for one answer, in milliseconds. */
  readonly answerMsMax: number;
  readonly report: Report;
}

/**
 * The public listener. The order of registration is the order in which a request is judged: caps and
 * timeouts, its form, headers, preflights' limit, CORS, the limit per client address, then the routes.
 */
export async function createApp(parts: AppParts): Promise<FastifyInstance> {
  const { listen, client, report, reportProblem } = parts;
  const clientLimit = createClientLimit(client);
  const app = createListener({
    ...parts,
    trustedProxies: listen.trustedProxies,
    takeClient: clientLimit.take,
  });
  // CORS answers a preflight before any route is asked, and its limit with it
  app.addHook('onRequest', (request, _reply, done) => {
    const refusal = request.method === 'OPTIONS' ? clientLimit.take(clientAddress(request)) : undefined;
    if (refusal) reportProblem(problemOf(refusal, request.id));
    done(refusal);
  });
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
  await clientLimit.register(app, report);
  addJsonBody(app);
  app.setNotFoundHandler({ preHandler: app.rateLimit() }, replyNotFound(parts));
  addRoutes(app, parts);
  return app;
}
