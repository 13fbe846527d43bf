import { randomUUID } from 'node:crypto';
import { STATUS_CODES, type ServerResponse } from 'node:http';
import type { Refusal } from '../gateway/refusal.ts';
import { answerHeaders } from './answer-headers.ts';
import {
  problemOf,
  retryAfterSeconds,
  transportProblem,
  type Problem,
  type ReportProblem,
} from './problem.ts';
import { rateLimitFields } from './rate-limit-fields.ts';

/** Counts a request of a client address. @returns the refusal where it is one too many */
export type TakeClient = (address: string) => Refusal | undefined;

/** The response to bytes that never became a request; its connection closes. */
export interface MalformedResponse {
  readonly problem: Problem;
  readonly headers: Readonly<Record<string, string | number>>;
}

/** Describes the response to a malformed request: of its own status, or 429 once its address sent too many. */
export function createDescribeMalformed(takeClient: TakeClient, reportProblem: ReportProblem) {
  return (status: number, address: string): MalformedResponse => {
    const requestId = randomUUID();
    const refusal = takeClient(address);
    const problem = refusal ? problemOf(refusal, requestId) : transportProblem(status, requestId);
    reportProblem(problem);
    return { problem, headers: refusal ? limitHeaders(refusal) : {} };
  };
}

/** The response to a connection too many. */
export function describeSurplus(reportProblem: ReportProblem, retryAfter: number): MalformedResponse {
  const problem = transportProblem(503, randomUUID());
  reportProblem(problem);
  return { problem, headers: { 'retry-after': retryAfter } };
}

/** What tells a client when it may ask again. */
export function limitHeaders(refusal: Refusal): Readonly<Record<string, string | number>> {
  const seconds = retryAfterSeconds(refusal);
  return {
    ...rateLimitFields(refusal.parts.policies ?? []),
    ...(seconds !== undefined && { 'retry-after': seconds }),
  };
}

/** As Node's own response, where the request has one. */
export function writeResponse(response: ServerResponse, { problem, headers }: MalformedResponse): void {
  const body = JSON.stringify(problem);
  response.writeHead(problem.status, headersOf(problem, body, headers)).end(body);
}

/** As the bytes that go over the wire, where there is no request. */
export function responseText({ problem, headers }: MalformedResponse): string {
  const body = JSON.stringify(problem);
  const lines = Object.entries(headersOf(problem, body, headers)).map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}`, ...lines, '', body].join(
    '\r\n',
  );
}

function headersOf(
  problem: Problem,
  body: string,
  headers: Readonly<Record<string, string | number>>,
): Record<string, string | number> {
  return {
    ...answerHeaders(problem.requestId),
    ...headers,
    'content-type': 'application/problem+json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  };
}
