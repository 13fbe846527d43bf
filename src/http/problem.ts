import { STATUS_CODES } from 'node:http';
import type { Refusal } from '../gateway/refusal.ts';

/** The body of every answer that is not a success. @see https://www.rfc-editor.org/rfc/rfc9457 */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code?: string;
  readonly detail?: string;
  readonly requestId: string;
  readonly errors?: readonly { readonly name: string; readonly reason: string }[];
  readonly [member: string]: unknown;
}

/** Told of a problem of the transport, so that the request id in the answer is in the log too. */
export type ReportProblem = (problem: Problem) => void;

/** `Retry-After` where a refusal with 429 or 503 names no time of its own. */
const retryAfterMsDefault = 5000;

export function problemOf(refusal: Refusal, requestId: string): Problem {
  const { code, status, title, detail } = refusal;
  const { errors, violatedPolicies, ticket, position } = refusal.parts;
  return {
    type: `urn:embed-gateway:problem:${code}`,
    title,
    status,
    code,
    detail,
    requestId,
    ...(errors && { errors }),
    ...(violatedPolicies && { violatedPolicies }),
    ...(code === 'provider_busy' && { ticket, position, retryAfterSeconds: retryAfterSeconds(refusal) }),
  };
}

/** Whole seconds for 429 and 503, at least one; undefined for other statuses. */
export function retryAfterSeconds({ status, parts }: Refusal): number | undefined {
  if (status !== 429 && status !== 503) return undefined;
  return Math.max(1, Math.ceil((parts.retryAfterMs ?? retryAfterMsDefault) / 1000));
}

/**
 * A problem of the transport, before or beside the gateway's own policy: its code is the status in words,
 * such as `not_found` or `payload_too_large`.
 */
export function transportProblem(status: number, requestId: string): Problem {
  const title = STATUS_CODES[status] ?? 'Bad Request';
  const code = title.toLowerCase().replace(/[^a-z]+/g, '_');
  return { type: 'about:blank', title, status, code, detail: title, requestId };
}

/** A fault of ours: nothing but the request id is told. */
export function faultProblem(requestId: string): Problem {
  return { type: 'about:blank', title: 'Internal Server Error', status: 500, requestId };
}
