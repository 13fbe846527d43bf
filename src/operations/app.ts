import helmet from '@fastify/helmet';
import type { FastifyInstance } from 'fastify';
import type { Config } from '../config/schema.ts';
import type { ObserveConnections } from '../http/connections.ts';
import { createListener } from '../http/listener.ts';
import { formError, replyNotFound, type Observers } from '../http/reply-error.ts';
import type { Readiness } from './health.ts';
import { isAllowedHost } from './host-check.ts';
import type { Metrics } from './metrics.ts';

export interface OperationsParts extends Observers {
  readonly operations: Config['operations'];
  readonly observeConnections: ObserveConnections;
  readonly readiness: () => Readiness;
  readonly isStopping: () => boolean;
  readonly metrics: Metrics;
}

/** Room for probes and scrapers of its own, so that the public listener's connections never keep them out. */
const connectionsMax = 64;
/** For one answer: all are made from what the process knows. */
const answerMsMax = 10_000;
const misdirected = 421;

/** The operators' listener: liveness, readiness, metrics. It must not be reachable by readers. */
export async function createOperationsApp(parts: OperationsParts): Promise<FastifyInstance> {
  const { operations, readiness, isStopping, metrics } = parts;
  const app = createListener({ ...parts, trustedProxies: [], connectionsMax, answerMsMax });
  // a page whose name leads here since a moment ago may send requests, and reads nothing
  app.addHook('onRequest', ({ raw }, _reply, done) => {
    const { headers, socket } = raw;
    done(isAllowedHost(headers.host, socket.localAddress, operations) ? undefined : formError(misdirected));
  });
  // it speaks plain HTTP inside: a browser told to insist on TLS could not read it again
  await app.register(helmet, { strictTransportSecurity: false });
  app.setNotFoundHandler(replyNotFound(parts));

  app.get('/livez', () => ({ status: 'alive' }));
  app.get('/readyz', async (_request, reply) => {
    const state = readiness();
    const isReady = state.status !== 'not_ready' && !isStopping();
    return reply.code(isReady ? 200 : 503).send(isStopping() ? { ...state, status: 'stopping' } : state);
  });
  app.get('/metrics', async (_request, reply) => {
    readiness();
    return reply.type(metrics.registry.contentType).send(await metrics.registry.metrics());
  });
  return app;
}
