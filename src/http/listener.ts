import { randomUUID } from 'node:crypto';
import Fastify, { type FastifyInstance } from 'fastify';
import { answerHeaders } from './answer-headers.ts';
import { createRefuseTunnel, createReplyClientError } from './client-error.ts';
import { createConnections, type ObserveConnections } from './connections.ts';
import { createDescribeMalformed, describeSurplus, type TakeClient } from './malformed.ts';
import { createRefuseForm, createReplyError, type Observers } from './reply-error.ts';
import { statusForForm } from './request-form.ts';
import { createHttpServer } from './server.ts';
import { bodyBytesMax, requestTimeoutMs } from './server-limits.ts';
import { createTrustProxy } from './trusted-proxies.ts';

export interface ListenerParts extends Observers {
  readonly trustedProxies: readonly string[];
  /** Connections served at a time. */
  readonly connectionsMax: number;
  readonly observeConnections: ObserveConnections;
  /** Longest time that one answer may take, in milliseconds. */
  readonly answerMsMax: number;
  /** Counts malformed requests of a client address; left out: they are not limited. */
  readonly takeClient?: TakeClient;
}

const surplusRetryAfterSeconds = 5;

/**
 * What both listeners have in common: caps, timeouts, what becomes of connections, and the form that a
 * request and every answer must have.
 */
export function createListener(parts: ListenerParts): FastifyInstance {
  const { trustedProxies, connectionsMax, answerMsMax, observeConnections, reportProblem } = parts;
  const takeClient = parts.takeClient ?? (() => undefined);
  const replyError = createReplyError(parts);
  const refuseForm = createRefuseForm(takeClient, reportProblem);
  const describeMalformed = createDescribeMalformed(takeClient, reportProblem);
  const connections = createConnections({
    max: connectionsMax,
    describeSurplus: () => describeSurplus(reportProblem, surplusRetryAfterSeconds),
    observe: observeConnections,
  });
  const app = Fastify({
    logger: false,
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    trustProxy: createTrustProxy(trustedProxies),
    bodyLimit: bodyBytesMax,
    forceCloseConnections: 'idle',
    exposeHeadRoutes: false,
    return503OnClosing: false,
    serverFactory: (dispatch) => createHttpServer(dispatch, connections, answerMsMax + requestTimeoutMs),
    clientErrorHandler: createReplyClientError(connections, describeMalformed),
    frameworkErrors: (error, request, reply) => {
      reply.headers(answerHeaders(request.id));
      const { statusCode = 500 } = error;
      replyError(statusCode < 500 ? refuseForm(statusCode, request, reply) : error, request, reply);
    },
  });
  app.server.on('connect', createRefuseTunnel(connections, describeMalformed));

  app.setErrorHandler(replyError);
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(answerHeaders(request.id));
    const status = statusForForm(request.raw);
    done(status === undefined ? undefined : refuseForm(status, request, reply));
  });
  app.addHook('preClose', (done) => {
    connections.stop();
    done();
  });
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (connections.isStopping()) reply.header('connection', 'close');
    done(null, payload);
  });
  return app;
}
