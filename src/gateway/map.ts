import type { EvaluationFailure, Value } from '../config/expressions.ts';
import type { Session } from './session.ts';
import type { Attributes, Embed } from './embed.ts';
import { Refusal } from './refusal.ts';

/** Refuses a session that `allow` denies. A failing expression denies too. */
export function authorise(embed: Embed, session: Session): void {
  if (!embed.allow) return;
  let fault = 'allow is not true';
  const allowed = embed.allow.evaluate(session, (why) => {
    fault = why === 'cost limit exceeded' ? `allow: ${why}` : `allow ${why}`;
  });
  if (allowed !== true) throw new Refusal('embed_denied', { reason: fault });
}

/**
 * Evaluates the embed's attributes over the session.
 *
 * Every attribute is there or the request is refused: providers read an absent or empty one as "no filter".
 *
 * @throws {Refusal} `attribute_missing`; the names are for the log
 */
export function mapAttributes(embed: Embed, session: Session): Attributes {
  const attributes = new Map<string, NonNullable<ReturnType<Attributes['get']>>>();
  const missing: string[] = [];
  for (const [name, expression] of embed.attributes) {
    let failure: EvaluationFailure = 'cannot be evaluated';
    const value = expression.evaluate(session, (why) => {
      failure = why;
    });
    if (value !== undefined && value !== null && embed.takes(value)) attributes.set(name, value);
    else missing.push(`${name} (${value === undefined ? describe(failure) : faultOf(value)})`);
  }
  if (missing.length > 0)
    throw new Refusal('attribute_missing', { reason: `attributes: ${missing.join(', ')}` });
  return attributes;
}

function describe(failure: EvaluationFailure): string {
  return failure === 'cost limit exceeded' ? failure : `${failure}, as where a claim is missing`;
}

/** What is wrong with a value, without telling it. */
function faultOf(value: Value): string {
  if (value === null) return 'is null';
  if (typeof value === 'string') return 'is empty or no plain text';
  if (Array.isArray(value) && value.length === 0) return 'is empty';
  const kind = Array.isArray(value) ? 'list' : value instanceof Map ? 'table' : typeof value;
  return `is a ${kind} that the provider does not take`;
}
