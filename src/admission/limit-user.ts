import { randomUUID } from 'node:crypto';
import type { LimitUser } from '../gateway/admission.ts';
import type { Counts } from './fallback.ts';
import { refusalOf } from './refused.ts';
import { rulesOf, type Rules } from './rules.ts';

/** Names no provider: configured names begin with a letter. */
const noProvider = '';

/** Counts requests that mint nothing in the windows of their user, in the same atomic step as any other. */
export function createLimitUser({ counts, rules }: { counts: Counts; rules: Rules }): LimitUser {
  const { budget } = rulesOf(rules, noProvider);
  return async (policies) => {
    const decision = await counts.decide({ policies, provider: noProvider, budget, slot: randomUUID() });
    if (decision.kind === 'granted') return decision.policies;
    if (decision.kind === 'queued') throw new TypeError('a request without a queue cannot wait');
    throw refusalOf(decision, { policies, maxWaitMs: 0, maxLength: 0 });
  };
}
