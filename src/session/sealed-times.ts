import type { Value } from '../config/expressions.ts';
import { Refusal } from '../gateway/refusal.ts';
import { isSafeTime } from './times.ts';

export interface SealedTimes {
  readonly exp: Value | undefined;
  readonly issuedAt: Value | undefined;
  readonly nbf: Value | undefined;
}

/**
 * Holds a session's times against the clock, as jose does for signed tokens. `exp` and the time of issue are
 * required, and every time is a whole number of seconds.
 *
 * @param limits in milliseconds
 * @throws {Refusal} `session_expired` past exp or `maxAge`; `session_invalid`
 */
export function checkTimes(
  { exp, issuedAt, nbf = 0 }: SealedTimes,
  limits: { readonly clockTolerance: number; readonly maxAge: number },
): void {
  if (!isSafeTime(exp)) throw invalid('exp');
  if (!isSafeTime(issuedAt)) throw invalid('time of issue');
  if (!isSafeTime(nbf)) throw invalid('nbf');
  const now = Math.floor(Date.now() / 1000);
  const tolerance = limits.clockTolerance / 1000;
  if (exp <= now - tolerance) throw new Refusal('session_expired', { reason: 'exp' });
  if (now - issuedAt > limits.maxAge / 1000 + tolerance) {
    throw new Refusal('session_expired', { reason: 'maxAge' });
  }
  if (issuedAt > now + tolerance) throw invalid('time of issue');
  if (nbf > now + tolerance) throw invalid('nbf');
}

function invalid(time: string): Refusal {
  return new Refusal('session_invalid', { reason: `${time} is missing, in the future or no time` });
}
