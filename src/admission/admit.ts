import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CallerGone,
  type AdmissionRequest,
  type Admit,
  type Caller,
  type Grant,
} from '../gateway/admission.ts';
import { Refusal } from '../gateway/refusal.ts';
import type { Decision, LocalStore, ProviderBudget, Store, StoreRequest } from './store.ts';

/** A provider's budget, and how requests wait while it is spent. */
export interface BudgetRules {
  readonly budget: ProviderBudget['budget'];
  readonly queue: { readonly maxWaitMs: number; readonly maxLength: number };
}

export interface AdmitOptions {
  /** Where all replicas count. */
  readonly shared: Store;
  /**
   * Where this process counts too, so that it knows what it has spent when the shared store is out of
   * reach, and can tell a store that lost it. Left out where the shared store is in this process.
   */
  readonly local?: LocalStore | undefined;
  /** What happens while the shared store is out of reach. */
  readonly whenDown: 'local' | 'refuse';
  /** How many processes share a budget that each then counts by itself. */
  readonly replicas: number;
  readonly providers: ReadonlyMap<string, BudgetRules>;
  /** Told after every decision whether the shared store could be asked, and if not, why. */
  readonly observeStore: (isUp: boolean, error?: unknown) => void;
}

export interface Admission {
  readonly admit: Admit;
  /** Tells the shared store what this process has spent: for when it is back, perhaps empty. */
  readonly restore: () => Promise<void>;
}

/** Longest time between two questions about a place: others may have left the queue. */
const askAgainMs = 500;

/** Turns a store's decisions into grants and refusals, and settles each grant where it was given. */
export function createAdmission(options: AdmitOptions): Admission {
  const { shared, local, whenDown, replicas, providers, observeStore } = options;

  async function decide(step: StoreRequest): Promise<Decided> {
    const { provider, budget, slot, waiting } = step;
    try {
      const decision = await shared.decide(step);
      observeStore(true);
      if (decision.kind === 'granted') {
        const taken = { slot, freedInMs: budget.callMsMax + budget.perMs };
        await local?.restore({ provider, budget, slots: [taken] });
      }
      return { decision, store: shared };
    } catch (error) {
      observeStore(false, error);
      // it may have been decided there all the same, unheard
      ignore(shared.settle({ provider, budget, slot, unsent: true }));
      const { freshTicket: ticket, owner } = waiting ?? {};
      if (ticket !== undefined && owner !== undefined)
        ignore(shared.leave({ provider, budget, ticket, owner }));
      if (!local || whenDown === 'refuse') {
        throw new Refusal('limits_unavailable', { reason: nameOf(error), retryAfterMs: 1000 });
      }
      const share = { ...budget, max: Math.floor(budget.max / replicas) };
      return { decision: await local.decide({ ...step, budget: share }), store: local };
    }
  }

  /** Asks until the place is served, refused, or its caller has gone. */
  async function waitForTurn(request: AdmissionRequest, caller: Caller, slot: string): Promise<Decided> {
    const { provider, policies, owner, tenant, weight } = request;
    const { budget, queue } = rulesOf(provider);
    const freshTicket = randomBytes(16).toString('base64url');
    const untilMs = performance.now() + queue.maxWaitMs;
    let ticket = caller.ticket;
    for (;;) {
      const patienceMs = Math.max(0, Math.floor(untilMs - performance.now()));
      const waiting = { ticket, freshTicket, owner, tenant, weight, patienceMs, lengthMax: queue.maxLength };
      const decided = await decide({ provider, policies, budget, slot, waiting });
      const { decision } = decided;
      if (decision.kind === 'queued') {
        ticket = decision.ticket;
        await pause(Math.min(decision.retryAfterMs, askAgainMs), caller.signal);
      }
      if (caller.signal.aborted) {
        giveUp(decided, { provider, budget, slot, owner });
        throw new CallerGone();
      }
      if (decision.kind !== 'queued') return decided;
    }
  }

  function giveUp(
    { decision, store }: Decided,
    { provider, budget, slot, owner }: ProviderBudget & { readonly slot: string; readonly owner: string },
  ): void {
    const ended =
      decision.kind === 'granted'
        ? store.settle({ provider, budget, slot, unsent: true })
        : 'ticket' in decision && decision.ticket !== undefined
          ? store.leave({ provider, budget, ticket: decision.ticket, owner })
          : Promise.resolve();
    ignore(ended);
  }

  function rulesOf(provider: string): BudgetRules {
    const rules = providers.get(provider);
    if (!rules) throw new TypeError(`no budget for provider ${provider}`);
    return rules;
  }

  const admit: Admit = async (request, caller) => {
    const { provider } = request;
    const { budget } = rulesOf(provider);
    const slot = randomUUID();
    const { decision, store } = await waitForTurn(request, caller, slot);
    if (decision.kind !== 'granted') throw toRefusal(decision);

    const held = [{ slot, store }];
    return {
      policies: decision.policies,
      another: async () => {
        const next = randomUUID();
        const again = await decide({ policies: [], provider, budget, slot: next }).catch(noneLeft);
        if (again?.decision.kind !== 'granted') return false;
        held.push({ slot: next, store: again.store });
        return true;
      },
      settle: (outcome, heeded) => {
        for (const one of held) {
          const ended = { provider, budget, slot: one.slot, unsent: outcome === 'unsent' };
          // a slot whose end is not noted frees itself when its longest call would have aged out
          for (const store of new Set([one.store, ...(local ? [local] : [])])) {
            ignore(store.settle(ended).then(() => heeded && store.heed({ provider, budget, ...heeded })));
          }
        }
      },
    } satisfies Grant;
  };

  return {
    admit,
    restore: async () => {
      for (const [provider, { budget }] of providers) {
        await shared.restore({ provider, budget, slots: local?.liveSlots(provider) ?? [] });
      }
    },
  };
}

/** For what is only tidying up: the store sees to it by itself in time. */
function ignore(tidying: Promise<unknown>): void {
  tidying.catch(() => undefined);
}

/** Ends early when the caller goes. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}

interface Decided {
  readonly decision: Decision;
  readonly store: Store;
}

function toRefusal(decision: Exclude<Decision, { readonly kind: 'granted' }>): Refusal {
  const { policies, retryAfterMs } = decision;
  if (decision.kind === 'limited') {
    const violatedPolicies = decision.violated.flatMap((index) => policies[index]?.name ?? []);
    return new Refusal('rate_limited', { policies, retryAfterMs, violatedPolicies });
  }
  const { position, ticket } = decision;
  return new Refusal('provider_busy', {
    reason: 'the budget is spent',
    policies,
    retryAfterMs,
    position,
    ...(ticket !== undefined && { ticket }),
  });
}

/** What cannot be checked is not given. */
function noneLeft(error: unknown): undefined {
  if (!(error instanceof Refusal)) throw error;
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown';
}
