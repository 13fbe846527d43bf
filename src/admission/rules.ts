import type { Budget } from './store.ts';

/** A provider's budget, and how requests wait while it is spent. */
export interface BudgetRules {
  readonly budget: Budget;
  readonly queue: { readonly maxWaitMs: number; readonly maxLength: number };
}

/** Of the providers that allow no more than so many calls; the others' calls are not counted. */
export type Rules = ReadonlyMap<string, BudgetRules>;

/** For a provider that has no budget: nothing is waited for. */
const unlimited: BudgetRules = {
  budget: { max: Number.MAX_SAFE_INTEGER, perMs: 1, callMsMax: 0 },
  queue: { maxWaitMs: 0, maxLength: 0 },
};

export function rulesOf(rules: Rules, provider: string): BudgetRules {
  return rules.get(provider) ?? unlimited;
}
