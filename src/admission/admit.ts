import { randomUUID } from 'node:crypto';
import type { Admit, Grant } from '../gateway/admission.ts';
import { Refusal } from '../gateway/refusal.ts';
import type { Counts } from './fallback.ts';
import { refusalOf } from './refused.ts';
import { rulesOf, type Rules } from './rules.ts';
import { waitForTurn } from './turn.ts';
import type { Waiters } from './waiters.ts';

export interface AdmitParts {
  readonly counts: Counts;
  readonly rules: Rules;
  /** Holds those who wait. */
  readonly waiters: Waiters;
}

/** Turns decisions into grants and refusals, and waits for them where a provider's queue allows it. */
export function createAdmit({ counts, rules, waiters }: AdmitParts): Admit {
  return async (request, caller) => {
    const { provider, policies } = request;
    const { budget, queue } = rulesOf(rules, provider);
    const isCounted = rules.has(provider);
    const asked = randomUUID();
    const turn = await waitForTurn({ counts, rules, waiters }, request, { caller, slot: asked });
    const { decision } = turn;
    if (decision.kind !== 'granted') throw refusalOf(decision, { policies, ...queue });
    const held = [decision.slot ?? asked];

    return {
      deadlineMs: isCounted ? turn.deadlineMs : Infinity,
      policies: decision.policies,
      another: async () => {
        const next = randomUUID();
        const again = await counts.decide({ policies: [], provider, budget, slot: next }).catch(noneLeft);
        if (again?.kind !== 'granted') return false;
        held.push(again.slot ?? next);
        return true;
      },
      settle: (outcome, heeded) => {
        if (!isCounted) return;
        const unsent = outcome === 'unsent';
        // a slot whose end is not noted frees itself when its longest call would have aged out
        const ended = held.map((slot) => counts.settle({ provider, budget, slot, unsent }));
        if (heeded) ended.push(counts.heed({ provider, budget, ...heeded }));
        void Promise.allSettled(ended).then(() => {
          if (unsent) waiters.wakeFirst(provider);
        });
      },
    } satisfies Grant;
  };
}

/** What cannot be checked is not given. */
function noneLeft(error: unknown): undefined {
  if (!(error instanceof Refusal)) throw error;
}
