import { createHash } from 'node:crypto';
import type { Expression } from '../config/expressions.ts';
import { isPlainText } from '../config/text.ts';
import type { Session } from '../gateway/session.ts';

/** Text that every way of lowercasing and trimming leaves as it is. */
const unchanging = /^[!-@[-~]+$/;
const digested = /~[0-9a-f]{32}$/;

/**
 * The id by which Cube knows a person, lowercased and trimmed as Cube wants it.
 *
 * Cube keeps attributes for each id, and what a later call sets counts for frames opened earlier too. So
 * two people must never come to share one: where lowercasing or trimming changes the text, or tenant and
 * user cannot be told apart in it, a digest of what it was made of follows, after a `~`.
 *
 * @param expression left out: tenant, ":" and user
 * @returns undefined when the expression gives no plain text
 */
export function externalIdOf(expression: Expression | undefined, session: Session): string | undefined {
  const { tenant, user } = session;
  const text = expression ? expression.evaluate(session) : `${tenant}:${user}`;
  if (typeof text !== 'string' || !isPlainText(text)) return undefined;
  const isOneReading = expression !== undefined || !tenant.includes(':');
  if (isOneReading && unchanging.test(text) && !digested.test(text)) return text;
  const madeOf = JSON.stringify(expression ? [text] : [tenant, user]);
  const digest = createHash('sha256').update(madeOf).digest('hex').slice(0, 32);
  return `${text.trim().toLowerCase()}~${digest}`;
}
