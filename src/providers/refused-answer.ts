import { Refusal } from '../gateway/refusal.ts';
import { said } from './excerpt.ts';
import { rateLimitSaid } from './rate-limit-said.ts';
import type { Answer } from './send.ts';

/** Statuses that say the secret, what is embedded or the request is wrong: an operator has to act. */
const misconfigured = new Set([400, 401, 403, 404, 422, 424]);

/**
 * What an answer below 500 that is no success is refused with. Its words are for the log: error bodies
 * are mostly undocumented and may not be JSON.
 *
 * @param hidden gives the values that must not appear in the reason
 */
export function refusedAnswer(answer: Answer, hidden: () => readonly string[]): Refusal {
  const reason = said(answer, hidden());
  if (misconfigured.has(answer.status)) return new Refusal('provider_misconfigured', { reason });
  if (answer.status === 429) {
    const heeded = rateLimitSaid(answer);
    return new Refusal('provider_busy', { reason, ...(heeded && { heeded, retryAfterMs: heeded.forMs }) });
  }
  return new Refusal('provider_unavailable', { reason });
}
