import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { closeGently, discardInput } from './close-gently.ts';
import { responseText, writeResponse, type MalformedResponse } from './malformed.ts';

/** Requests of one connection that may wait for the response before them; one more ends the connection after these. */
const waitingMax = 64;

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** One connection of a client: what it asks for is dispatched one request at a time. */
export interface Connection {
  /**
   * Dispatches a request once the responses before it are written; never, once the connection is to be closed.
   *
   * @param isRefused its form is: nothing after its head is read
   */
  accept(exchange: Exchange, dispatch: () => void, isRefused: boolean): void;
  /** What was read is malformed, or came too late: answered in its turn and closed. */
  fail(describe: () => MalformedResponse): void;
  /** Drops what waits, and closes once what was written is sent. */
  end(): void;
  isBusy(): boolean;
  /** When the last response was written, of a connection that waits for a request: by `performance.now()`. */
  idleSinceMs(): number | undefined;
  /** Whether a request was accepted whose body has not arrived. */
  isReceiving(): boolean;
}

/**
 * Node dispatches pipelined requests at once, also those behind one whose response closes the connection.
 * Here each waits for the response before it.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9112#section-9.6-5 no request after a close is processed
 */
export function createConnection(socket: Socket): Connection {
  const waiting: (() => void)[] = [];
  let isBusy = false;
  let isLast = false;
  let isEnding = false;
  let idleSinceMs = performance.now();
  /** The one accepted last: what the parser reads may still be its body. */
  let newest: (Exchange & { isDispatched: boolean }) | undefined;

  const advance = (): void => {
    const next = socket.destroyed ? undefined : waiting.shift();
    isBusy = next !== undefined;
    if (next) next();
    else idleSinceMs = performance.now();
  };
  const add = (step: () => void): void => {
    waiting.push(step);
    if (!isBusy) advance();
  };
  const end = (): void => {
    waiting.length = 0;
    isLast = true;
    if (isEnding) return;
    isEnding = true;
    closeGently(socket);
  };
  const refuseLast = (): void => {
    isLast = true;
    discardInput(socket);
  };
  /** Ends the exchange whose body is malformed: with its own response, where it has none yet. */
  const failNewest = (exchange: NonNullable<typeof newest>, describe: () => MalformedResponse): void => {
    const { response } = exchange;
    if (!response.headersSent) {
      if (!exchange.isDispatched) waiting.pop();
      writeResponse(response, describe());
    } else if (response.writableFinished) end();
    else response.once('finish', end);
  };

  return {
    accept: (exchange, dispatch, isRefused) => {
      if (isLast) return;
      if (waiting.length >= waitingMax) {
        refuseLast();
        add(end);
        return;
      }
      const accepted = { ...exchange, isDispatched: false };
      newest = accepted;
      // what follows may be the other protocol; Node drops as much of it as came along
      if (exchange.request.headers.upgrade !== undefined) exchange.response.shouldKeepAlive = false;
      if (!exchange.response.shouldKeepAlive) isLast = true;
      if (isRefused) refuseLast();
      add(() => {
        accepted.isDispatched = true;
        exchange.response.once('close', advance);
        dispatch();
      });
    },
    fail: (describe) => {
      if (isEnding) return;
      const wasLast = isLast;
      refuseLast();
      if (newest && !newest.request.complete) failNewest(newest, describe);
      else if (!wasLast) {
        add(() => {
          socket.write(responseText(describe()));
          end();
        });
      }
    },
    end,
    isBusy: () => isBusy,
    idleSinceMs: () => (isBusy ? undefined : idleSinceMs),
    isReceiving: () => newest?.request.complete === false,
  };
}
