import type { FastifyInstance } from 'fastify';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Lets no connection hold up the stop but those with a request under way, whose answer then ends them.
 *
 * Browsers open connections in advance. Node takes one that has asked for nothing yet for one with a
 * request under way, and would wait for it.
 */
export function closeConnectionsOnStop(app: FastifyInstance): void {
  let isStopping = false;
  const silent = new Set<Socket>();
  const hasAsked = ({ socket }: IncomingMessage): void => {
    silent.delete(socket);
  };
  app.server.on('connection', (socket: Socket) => {
    silent.add(socket);
    socket.once('close', () => silent.delete(socket));
  });
  app.server.on('request', hasAsked).on('checkExpectation', hasAsked);
  app.addHook('preClose', (done) => {
    isStopping = true;
    for (const socket of silent) socket.destroy();
    done();
  });
  app.addHook('onSend', async (_request, reply) => {
    if (isStopping) reply.header('connection', 'close');
  });
}
