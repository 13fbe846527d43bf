import type { Value } from '../config/expressions.ts';
import type { Secret } from '../config/secret.ts';
import type { Session } from '../gateway/session.ts';

/**
 * All that must not be logged when a provider repeats it: its secrets, and every value that it was sent.
 *
 * @param values as JSON has them
 */
export function hiddenIn(values: readonly unknown[], secrets: readonly Secret[]): readonly string[] {
  const texts = values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value)));
  return [...reveal(secrets), ...texts];
}

/** The secrets as text: for what is compared with them, never for what is written. */
export function reveal(secrets: readonly Secret[]): readonly string[] {
  return secrets.map((secret) => secret.reveal());
}

/** Every text and number in a session's claims, at any depth. */
export function claimValues({ claims }: Pick<Session, 'claims'>): readonly string[] {
  return leavesIn(claims);
}

function leavesIn(value: Value): readonly string[] {
  if (value instanceof Map) return [...(value as ReadonlyMap<unknown, Value>).values()].flatMap(leavesIn);
  if (Array.isArray(value)) return value.flatMap(leavesIn);
  return typeof value === 'string' || typeof value === 'number' ? [String(value)] : [];
}
