import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Connections } from './connections.ts';
import { statusForForm } from './request-form.ts';
import { headerBytesMax, keepAliveTimeoutMs, requestTimeoutMs, timeoutCheckMs } from './server-limits.ts';

export type Dispatch = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * The HTTP server below both listeners. What a request's form or an earlier response rules out is not
 * dispatched; all that Node would answer by itself is.
 *
 * @param silenceMsMax longest time that nothing is heard from a connection while its request is under way
 */
export function createHttpServer(dispatch: Dispatch, connections: Connections, silenceMsMax: number): Server {
  const server = createServer({
    maxHeaderSize: headerBytesMax,
    headersTimeout: requestTimeoutMs,
    requestTimeout: requestTimeoutMs,
    connectionsCheckingInterval: timeoutCheckMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    // Node's own answer to a request without one is bare
    requireHostHeader: false,
  });
  // beyond 2000 lines Node would drop headers in silence, a second Authorization too; their size stays capped
  server.maxHeadersCount = 0;
  server.setTimeout(silenceMsMax);
  connections.track(server);

  const accept = (request: IncomingMessage, response: ServerResponse, then: Dispatch): void => {
    const run = (): void => {
      then(request, response);
    };
    connections.of(request.socket)?.accept({ request, response }, run, statusForForm(request) !== undefined);
  };
  const expectation = (request: IncomingMessage, response: ServerResponse): void => {
    accept(request, response, dispatch);
  };
  return server
    .on('request', expectation)
    .on('checkExpectation', expectation)
    .on('checkContinue', (request, response) => {
      accept(request, response, () => {
        if (statusForForm(request) === undefined) response.writeContinue();
        dispatch(request, response);
      });
    });
}
