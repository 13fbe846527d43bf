import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Caller } from '../gateway/admission.ts';
import { readTicket } from './queue-ticket.ts';

/** The ticket that a request shows, and a signal that its connection was closed before the answer. */
export function callerOf({ headers }: FastifyRequest, { raw }: FastifyReply): Caller {
  const gone = new AbortController();
  raw.once('close', () => {
    if (!raw.writableEnded) gone.abort();
  });
  return { ticket: readTicket(headers['queue-ticket']), signal: gone.signal };
}
