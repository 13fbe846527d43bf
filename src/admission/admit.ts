import { randomUUID } from 'node:crypto';
import type { Admit, AdmissionRequest, Grant } from '../gateway/admission.ts';
import { Refusal } from '../gateway/refusal.ts';
import type { Budget, Decision, Store } from './store.ts';

export interface AdmitOptions {
  /** Where all replicas count. */
  readonly shared: Store;
  /** Where this process counts while the shared store is out of reach; without one it refuses. */
  readonly local?: Store | undefined;
  readonly budgets: ReadonlyMap<string, Budget>;
  /** Told after every decision whether the shared store could be asked. */
  readonly observeStore: (isUp: boolean) => void;
}

/** Turns a store's decisions into grants and refusals, and settles each grant where it was given. */
export function createAdmit({ shared, local, budgets, observeStore }: AdmitOptions): Admit {
  async function decide(request: AdmissionRequest, budget: Budget, slot: string): Promise<Decided> {
    const { policies, provider } = request;
    const step = { policies, provider, budget, slot };
    try {
      const decision = await shared.decide(step);
      observeStore(true);
      return { decision, store: shared };
    } catch (error) {
      observeStore(false);
      if (local) return { decision: await local.decide(step), store: local };
      throw new Refusal('limits_unavailable', { reason: nameOf(error), retryAfterMs: 1000 });
    }
  }

  return async (request) => {
    const { provider } = request;
    const budget = budgets.get(provider);
    if (!budget) throw new TypeError(`no budget for provider ${provider}`);
    const slot = randomUUID();
    const { decision, store } = await decide(request, budget, slot);
    if (decision.kind !== 'granted') throw toRefusal(decision);

    const held = [{ slot, store }];
    return {
      policies: decision.policies,
      another: async () => {
        const next = randomUUID();
        const again = await decide({ policies: [], provider }, budget, next).catch(noneLeft);
        if (again?.decision.kind !== 'granted') return false;
        held.push({ slot: next, store: again.store });
        return true;
      },
      settle: (outcome) => {
        for (const one of held) {
          // a slot whose end is not noted frees itself when its longest call would have aged out
          one.store.settle({ provider, budget, slot: one.slot, unsent: outcome === 'unsent' }).catch(() => {
            observeStore(false);
          });
        }
      },
    } satisfies Grant;
  };
}

interface Decided {
  readonly decision: Decision;
  readonly store: Store;
}

function toRefusal(decision: Exclude<Decision, { readonly kind: 'granted' }>): Refusal {
  const { policies, retryAfterMs } = decision;
  if (decision.kind === 'busy') {
    return new Refusal('provider_busy', { reason: 'the budget is spent', policies, retryAfterMs });
  }
  const violatedPolicies = decision.violated.flatMap((index) => policies[index]?.name ?? []);
  return new Refusal('rate_limited', { policies, retryAfterMs, violatedPolicies });
}

/** What cannot be checked is not given. */
function noneLeft(error: unknown): undefined {
  if (!(error instanceof Refusal)) throw error;
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown';
}
