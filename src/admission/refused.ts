import type { Policy } from '../gateway/admission.ts';
import { Refusal } from '../gateway/refusal.ts';
import type { Decision } from './store.ts';

/** Callers are told to be back a little early, so that they are on the line when their turn comes. */
const earlyMs = 1000;

/** @param asked what the decision was asked for: which policies, the longest wait on the line, the longest queue */
export function refusalOf(
  decision: Extract<Decision, { readonly kind: 'limited' | 'busy' }>,
  asked: { readonly policies: readonly Policy[]; readonly maxWaitMs: number; readonly maxLength: number },
): Refusal {
  const { policies, retryAfterMs } = decision;
  if (decision.kind === 'limited') {
    const violatedPolicies = decision.violated.flatMap((index) => asked.policies[index]?.name ?? []);
    return new Refusal('rate_limited', { policies, retryAfterMs, violatedPolicies });
  }
  const { position, ticket } = decision;
  const early = ticket === undefined ? 0 : Math.min(earlyMs, (asked.maxWaitMs * 3) / 4);
  return new Refusal('provider_busy', {
    reason: 'the budget is spent',
    policies,
    retryAfterMs: Math.max(0, retryAfterMs - early),
    // the queue of another replica's configuration may be longer
    position: Math.min(position, asked.maxLength + 1),
    ...(ticket !== undefined && { ticket }),
  });
}
