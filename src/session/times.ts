import type { Claims } from '../config/expressions.ts';

/**
 * Finds a time that two readers might not take for the same moment. RFC 7519 allows fractions; no issuer
 * that we know of sends them, and how they are rounded is nobody's contract.
 *
 * @returns the first of exp, iat and nbf that is there and no whole number of seconds from 0 to 2^53 - 1
 * @see https://www.rfc-editor.org/rfc/rfc7519#section-2 NumericDate
 */
export function unsafeTime(claims: Claims): string | undefined {
  return ['exp', 'iat', 'nbf'].find((name) => claims.has(name) && !isSafeTime(claims.get(name)));
}

/** True for a whole number of seconds from 0 to 2^53 - 1. */
export function isSafeTime(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
