import { fastify, type FastifyInstance } from 'fastify';

export interface Binding {
  /** Address to bind, such as 127.0.0.1. */
  readonly host: string;
  /** Name that URLs carry, such as localhost. */
  readonly publicHost: string;
  /** 0 = any free port. */
  readonly port: number;
}

/**
 * A quiet server that closes at once. HEAD is not derived from GET: it would use up an embed's single view.
 *
 * @param headBytesMax of a request, its first line and header fields; above it is 431
 */
export function createServer(headBytesMax = 16 * 1024): FastifyInstance {
  return fastify({
    logger: false,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: 8192 }, // tokens stand in paths
    bodyLimit: 256 * 1024,
    http: { maxHeaderSize: headBytesMax },
  });
}

/** Starts listening and returns the origin under which browsers reach the server, without a trailing slash. */
export async function listen(app: FastifyInstance, { host, publicHost, port }: Binding): Promise<string> {
  await app.listen({ host, port });
  const address = app.server.address();
  if (address === null || typeof address === 'string') throw new Error('the sandbox listens on TCP only');
  return `http://${publicHost}:${address.port}`;
}

/** A product's stand-in that listens. */
export interface StandIn {
  /** Without a trailing slash. */
  readonly origin: string;
  close(): Promise<void>;
}
