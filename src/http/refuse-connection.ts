import type { Socket } from 'node:net';
import { closeGently, discardInput } from './close-gently.ts';

/** Surplus connections that are answered at a time; those beyond are closed without a word. */
export const refusedAtOnceMax = 100;

/** A client that sends nothing in this time is answered all the same. */
const silenceMsMax = 1000;

/**
 * Answers a connection that is one too many, once it has asked for something, and closes it. Nothing that
 * it sends is parsed.
 */
export function refuseConnection(socket: Socket, describe: () => string): void {
  discardInput(socket);
  const answer = (): void => {
    clearTimeout(timer);
    if (socket.writable) socket.write(describe());
    closeGently(socket);
  };
  const timer = setTimeout(answer, silenceMsMax);
  socket.once('data', answer).once('close', () => {
    clearTimeout(timer);
  });
}
