import type { FastifyReply, FastifyRequest } from 'fastify';
import { CallerGone } from '../gateway/admission.ts';
import { Refusal } from '../gateway/refusal.ts';
import { clientAddress } from './client-address.ts';
import { limitHeaders, type TakeClient } from './malformed.ts';
import {
  faultProblem,
  problemOf,
  retryAfterSeconds,
  transportProblem,
  type Problem,
  type ReportProblem,
} from './problem.ts';
import { againWith, queryOf } from './queue-ticket.ts';
import { refusalPage } from './refusal-page.ts';

/** Told of what nobody expected; the caller learns the request id alone. */
export type ReportFault = (error: unknown, requestId: string) => void;

export interface Observers {
  readonly reportFault: ReportFault;
  readonly reportProblem: ReportProblem;
}

/** A request whose form is not accepted. */
export function formError(statusCode: number): Error {
  return Object.assign(new Error('the form of a request'), { statusCode });
}

/**
 * Refuses a request for its form, and closes its connection: what else is on it may be another request to
 * a proxy before us. One too many of its client address is answered 429.
 */
export function createRefuseForm(takeClient: TakeClient, reportProblem: ReportProblem) {
  return (status: number, request: FastifyRequest, reply: FastifyReply): Error => {
    reply.header('connection', 'close');
    const refusal = takeClient(clientAddress(request));
    if (!refusal) return formError(status);
    reportProblem(problemOf(refusal, request.id));
    return refusal;
  };
}

/** The one place where an error becomes an answer: a refusal, a problem of the transport, or a fault. */
export function createReplyError({ reportFault, reportProblem }: Observers) {
  return (error: Error & { statusCode?: number }, request: FastifyRequest, reply: FastifyReply): void => {
    if (error instanceof CallerGone) {
      reply.hijack();
    } else if (error instanceof Refusal) {
      replyRefusal(error, request, reply);
    } else if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) {
      const problem = transportProblem(error.statusCode, request.id);
      reportProblem(problem);
      // its body may still be on its way, where a proxy before us may see another request
      reply.header('connection', 'close');
      replyProblem(problem, request, reply);
    } else {
      reportFault(error, request.id);
      replyProblem(faultProblem(request.id), request, reply);
    }
  };
}

export function replyNotFound({ reportProblem }: Pick<Observers, 'reportProblem'>) {
  return (request: FastifyRequest, reply: FastifyReply): void => {
    const problem = transportProblem(404, request.id);
    reportProblem(problem);
    replyProblem(problem, request, reply);
  };
}

function replyRefusal(refusal: Refusal, request: FastifyRequest, reply: FastifyReply): void {
  reply.headers(limitHeaders(refusal));
  if (refusal.status === 401) reply.header('www-authenticate', 'Bearer');
  replyProblem(problemOf(refusal, request.id), request, reply, retryAfterSeconds(refusal));
}

function replyProblem(
  problem: Problem,
  request: FastifyRequest,
  reply: FastifyReply,
  waitSeconds?: number,
): void {
  const isPage = request.routeOptions.config.refusals === 'page';
  reply
    .code(problem.status)
    .type(isPage ? 'text/html; charset=utf-8' : 'application/problem+json; charset=utf-8')
    .send(
      isPage
        ? refusalPage(problem, { waitSeconds, again: againOf(problem, request) })
        : JSON.stringify(problem),
    );
}

/** Where a page that waits for its turn tries again, keeping its place. */
function againOf({ ticket }: Problem, { raw }: FastifyRequest): string | undefined {
  return typeof ticket === 'string' ? againWith(ticket, queryOf(raw.url)) : undefined;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** How the route answers refusals: `page` for people, else problem+json. */
    refusals?: 'page';
  }
}
