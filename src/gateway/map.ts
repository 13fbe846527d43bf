import type { Session } from './session.ts';
import type { Attributes, Embed } from './embed.ts';
import { Refusal } from './refusal.ts';

/** Refuses a session that `allow` denies. A failing expression denies too. */
export function authorise(embed: Embed, session: Session): void {
  if (embed.allow && embed.allow.evaluate(session) !== true) throw new Refusal('embed_denied');
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
    const value = expression.evaluate(session);
    if (value !== undefined && value !== null && embed.takes(value)) attributes.set(name, value);
    else missing.push(name);
  }
  if (missing.length > 0)
    throw new Refusal('attribute_missing', { reason: `attributes: ${missing.join(', ')}` });
  return attributes;
}
