import { queueTicketParameter } from '../config/inputs.ts';

/** The form of the tickets that admission gives out; anything else is no ticket. */
const ticketPattern = /^[\w-]{22}$/;

/** @returns what may be a ticket, whoever it was given to; undefined for anything else */
export function readTicket(shown: unknown): string | undefined {
  return typeof shown === 'string' && ticketPattern.test(shown) ? shown : undefined;
}

/**
 * Takes the ticket out of a frame's query, where a page without script carries it. One given twice is
 * left there, and refused like any other parameter.
 */
export function takeTicket(query: URLSearchParams): string | undefined {
  const shown = query.getAll(queueTicketParameter);
  if (shown.length !== 1) return undefined;
  query.delete(queueTicketParameter);
  return readTicket(shown[0]);
}

/** The same request once more, with the ticket of its place in the queue; relative to the page. */
export function againWith(ticket: string, query: URLSearchParams): string {
  query.set(queueTicketParameter, ticket);
  return `?${query.toString()}`;
}

/** The query of a request's target. */
export function queryOf(target = ''): URLSearchParams {
  const start = target.indexOf('?');
  // with its question mark: URLSearchParams drops one, and a second belongs to the first name
  return new URLSearchParams(start === -1 ? '' : target.slice(start));
}
