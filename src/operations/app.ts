import { randomUUID } from 'node:crypto';
import helmet from '@fastify/helmet';
import Fastify, { type FastifyInstance } from 'fastify';
import { transportProblem } from '../http/problem.ts';
import type { Readiness } from './health.ts';
import type { Metrics } from './metrics.ts';

export interface OperationsParts {
  readonly readiness: () => Readiness;
  readonly isStopping: () => boolean;
  readonly metrics: Metrics;
}

/** The operators' listener: liveness, readiness, metrics. It must not be reachable by readers. */
export async function createOperationsApp(parts: OperationsParts): Promise<FastifyInstance> {
  const { readiness, isStopping, metrics } = parts;
  const app = Fastify({
    logger: false,
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
  });
  // it speaks plain HTTP inside: a browser told to insist on TLS could not read it again
  await app.register(helmet, { strictTransportSecurity: false });
  app.setNotFoundHandler((request, reply) =>
    reply
      .code(404)
      .type('application/problem+json; charset=utf-8')
      .send(JSON.stringify(transportProblem(404, request.id))),
  );

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
