import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Caller } from '../gateway/admission.ts';

/** The form of the tickets that admission gives out; anything else is no ticket. */
const ticketPattern = /^[\w-]{22}$/;

/** The ticket that a request shows, and a signal that its connection was closed before the answer. */
export function callerOf({ headers }: FastifyRequest, { raw }: FastifyReply): Caller {
  const shown = headers['queue-ticket'];
  const gone = new AbortController();
  raw.once('close', () => {
    if (!raw.writableEnded) gone.abort();
  });
  return {
    ticket: typeof shown === 'string' && ticketPattern.test(shown) ? shown : undefined,
    signal: gone.signal,
  };
}
