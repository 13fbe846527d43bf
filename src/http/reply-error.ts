import type { FastifyReply, FastifyRequest } from 'fastify';
import { CallerGone } from '../gateway/admission.ts';
import { Refusal } from '../gateway/refusal.ts';
import { faultProblem, problemOf, retryAfterSeconds, transportProblem, type Problem } from './problem.ts';
import { againWith, queryOf } from './queue-ticket.ts';
import { rateLimitFields } from './rate-limit-fields.ts';
import { refusalPage } from './refusal-page.ts';

/** Told of what nobody expected; the caller learns the request id alone. */
export type ReportFault = (error: unknown, requestId: string) => void;
/** Told of a problem of the transport, so that the request id in the answer is in the log too. */
export type ReportProblem = (problem: Problem) => void;

export interface Observers {
  readonly reportFault: ReportFault;
  readonly reportProblem: ReportProblem;
}

/** A request whose form is not accepted. */
export function formError(statusCode: number): Error {
  return Object.assign(new Error('the form of a request'), { statusCode });
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
  reply.headers(rateLimitFields(refusal.parts.policies ?? []));
  const seconds = retryAfterSeconds(refusal);
  if (seconds !== undefined) reply.header('retry-after', seconds);
  if (refusal.status === 401) reply.header('www-authenticate', 'Bearer');
  replyProblem(problemOf(refusal, request.id), request, reply, seconds);
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
