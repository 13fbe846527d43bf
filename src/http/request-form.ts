import type { IncomingMessage } from 'node:http';
import { isPlainTarget } from './request-target.ts';

/** Node reads a line without any as HTTP/0.9, where another reader ends the request there; and 2.0 as if it were 1.1. */
const versions: readonly string[] = ['1.0', '1.1'];

/**
 * The status that refuses a request for its form alone: what two readers could take for two requests, or
 * what asks for something that nobody here does. Its connection ends with the answer, since a proxy
 * before us may think that something else follows.
 */
export function statusForForm(request: IncomingMessage): 400 | 417 | undefined {
  if (!versions.includes(request.httpVersion) || hasUnaskedBody(request)) return 400;
  if (hasOtherCoding(request)) return 400;
  if (!hasOneHost(request) || !isPlainTarget(request.url ?? '')) return 400;
  return hasUnknownExpectation(request) ? 417 : undefined;
}

/** A body where none is asked for: a proxy before us may have read it as the next request. */
function hasUnaskedBody({ method, headers }: IncomingMessage): boolean {
  if (method === 'POST') return false;
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0;
}

/**
 * A body framed otherwise than by its length or `chunked` alone. HTTP/1.0 has neither chunks nor codings.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9112#section-6.1-16
 */
function hasOtherCoding({ httpVersion, headers }: IncomingMessage): boolean {
  const coding = headers['transfer-encoding'];
  return coding !== undefined && (httpVersion === '1.0' || coding.toLowerCase() !== 'chunked');
}

/** @see https://www.rfc-editor.org/rfc/rfc9112#section-3.2-6 */
function hasOneHost({ httpVersion, headersDistinct }: IncomingMessage): boolean {
  const count = headersDistinct.host?.length ?? 0;
  return count === 1 || (count === 0 && httpVersion === '1.0');
}

/** @see https://www.rfc-editor.org/rfc/rfc9110#section-10.1.1 */
function hasUnknownExpectation({ headers }: IncomingMessage): boolean {
  return headers.expect !== undefined && headers.expect.toLowerCase() !== '100-continue';
}
