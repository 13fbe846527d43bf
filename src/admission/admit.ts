import { randomBytes, randomUUID } from 'node:crypto';
import { BrokenCircuitError } from 'cockatiel';
import {
  CallerGone,
  type AdmissionRequest,
  type Admit,
  type Caller,
  type Grant,
} from '../gateway/admission.ts';
import { Refusal } from '../gateway/refusal.ts';
import { createCircuit, type Circuit } from '../redis/circuit.ts';
import type { Decision, LocalStore, ProviderBudget, Store, StoreRequest } from './store.ts';
import { Waiters } from './waiters.ts';

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
  /** Those that allow no more than so many calls; the others' calls are not counted. */
  readonly providers: ReadonlyMap<string, BudgetRules>;
  /** Spares the shared store and everybody's time while it does not answer. */
  readonly circuit?: Circuit;
  /** Told after every decision whether the shared store could be asked, and if not, why. */
  readonly observeStore: (isUp: boolean, error?: unknown) => void;
}

export interface Admission {
  readonly admit: Admit;
  /** Tells the shared store what this process has spent: for when it is back, perhaps empty. */
  readonly restore: () => Promise<void>;
  /**
   * Notes what all processes have spent, for when the shared store is out of reach. To be called every
   * second or so; does nothing where this process counts nothing by itself.
   */
  readonly mirror: () => Promise<void>;
}

/** Longest time between two questions about a place, and about the first: others may have left the queue. */
const askAgainMs = 500;
const askFirstMs = 250;

const lastMomentMs = 500;

/** A process that has not looked for so long has stood still: others may have spent all there was. */
const stoodStillMs = 3000;

/** Callers are told to be back a little early, so that they are on the line when their turn comes. */
const earlyMs = 1000;

/** For a provider that has no budget: nothing is waited for. */
const unlimited: BudgetRules = {
  budget: { max: Number.MAX_SAFE_INTEGER, perMs: 1, callMsMax: 0 },
  queue: { maxWaitMs: 0, maxLength: 0 },
};

/** Turns a store's decisions into grants and refusals, and settles each grant where it was given. */
export function createAdmission(options: AdmitOptions): Admission {
  const { shared, local, whenDown, replicas, providers, circuit = createCircuit(), observeStore } = options;
  const waiters = new Map([...providers.keys()].map((provider) => [provider, new Waiters()]));
  /** Settled once the shared store knows what was granted here; undefined when it may not. */
  let told: Promise<void> | undefined = Promise.resolve();
  let lookedAtMs = performance.now();

  async function decide(step: StoreRequest): Promise<Decided> {
    const { provider, budget, slot } = step;
    try {
      const decision = await circuit(() => askShared(step));
      observeStore(true);
      if (decision.kind === 'granted') {
        const taken = { slot, freedInMs: budget.callMsMax + budget.perMs };
        await local?.restore({ provider, budget, slots: [taken] });
      }
      return { decision, store: shared };
    } catch (error) {
      observeStore(false, error);
      if (!(error instanceof BrokenCircuitError)) forget(step);
      if (!local || whenDown === 'refuse') {
        throw new Refusal('limits_unavailable', { reason: nameOf(error), retryAfterMs: 1000 });
      }
      told = undefined;
      await noteFailure(local);
      return { decision: await local.decide({ ...step, budget: { ...budget, replicas } }), store: local };
    }
  }

  /** What was granted here while the shared store was out of reach is told before it is asked again. */
  async function askShared(step: StoreRequest): Promise<Decision> {
    told ??= restore().catch((error: unknown) => {
      told = undefined;
      throw error;
    });
    await told;
    return shared.decide(step);
  }

  async function restore(): Promise<void> {
    for (const [provider, { budget }] of providers) {
      const taken = { provider, budget, slots: (await local?.live(provider)) ?? [] };
      await shared.restore(taken);
      await local?.restore(taken);
    }
  }

  /** What others spent while this process stood still is unknown, so it is all there was: for one window. */
  async function noteFailure(local: LocalStore): Promise<void> {
    const nowMs = performance.now();
    const stoodStill = nowMs - lookedAtMs > stoodStillMs;
    lookedAtMs = nowMs;
    if (!stoodStill) return;
    for (const [provider, { budget }] of providers) {
      const forMs = budget.callMsMax + budget.perMs;
      await local.heed({ provider, budget, remaining: 0, forMs });
    }
  }

  /** It may have been decided all the same, unheard. */
  function forget({ provider, budget, slot, waiting }: StoreRequest): void {
    ignore(shared.settle({ provider, budget, slot, unsent: true }));
    if (!waiting) return;
    const { freshTicket: ticket, owner } = waiting;
    ignore(shared.leave({ provider, budget, ticket, owner }));
  }

  /** Asks until the place is served, refused, or its caller has gone. */
  async function waitForTurn(request: AdmissionRequest, caller: Caller, slot: string): Promise<Turn> {
    const { provider, policies, owner, tenant, weight } = request;
    const { budget, queue } = rulesOf(provider);
    const freshTicket = randomBytes(16).toString('base64url');
    const untilMs = performance.now() + queue.maxWaitMs;
    let ticket = caller.ticket;
    let patienceMs = queue.maxWaitMs;
    for (;;) {
      const waiting = { ticket, freshTicket, owner, tenant, weight, patienceMs, lengthMax: queue.maxLength };
      const deadlineMs = performance.now() + budget.callMsMax;
      const decided = await decide({ provider, policies, budget, slot, waiting });
      const { decision } = decided;
      if (decision.kind === 'queued') {
        ticket = decision.ticket;
        const { position, retryAfterMs } = decision;
        const askAgain = position === 1 ? askFirstMs : askAgainMs;
        await waiters.get(provider)?.wait(position, Math.min(retryAfterMs, askAgain), caller.signal);
      }
      if (caller.signal.aborted) {
        giveUp(decided, { provider, budget, slot, owner });
        throw new CallerGone();
      }
      if (decision.kind !== 'queued') return { ...decided, deadlineMs };
      // nobody who has waited is sent away for the last moment
      const more = Math.min(lastMomentMs, queue.maxWaitMs / 4);
      patienceMs = Math.max(0, Math.floor(untilMs + more - performance.now()));
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
    ignore(ended.then(() => waiters.get(provider)?.wakeFirst()));
  }

  function rulesOf(provider: string): BudgetRules {
    return providers.get(provider) ?? unlimited;
  }

  const admit: Admit = async (request, caller) => {
    const { provider } = request;
    const { budget, queue } = rulesOf(provider);
    const slot = randomUUID();
    const { decision, store, deadlineMs } = await waitForTurn(request, caller, slot);
    if (decision.kind !== 'granted') throw toRefusal(decision, queue.maxWaitMs);

    const isCounted = providers.has(provider);
    const held = isCounted ? [{ slot, store }] : [];
    return {
      deadlineMs: isCounted ? deadlineMs : Infinity,
      policies: decision.policies,
      another: async () => {
        const next = randomUUID();
        const again = await decide({ policies: [], provider, budget, slot: next }).catch(noneLeft);
        if (again?.decision.kind !== 'granted') return false;
        held.push({ slot: next, store: again.store });
        return true;
      },
      settle: (outcome, heeded) => {
        const unsent = outcome === 'unsent';
        for (const { slot, store } of held) {
          // a slot whose end is not noted frees itself when its longest call would have aged out
          for (const one of new Set([store, ...(local ? [local] : [])])) {
            const ended = one.settle({ provider, budget, slot, unsent });
            ignore(ended.then(() => heeded && one.heed({ provider, budget, ...heeded })));
            if (unsent) ignore(ended.then(() => waiters.get(provider)?.wakeFirst()));
          }
        }
      },
    } satisfies Grant;
  };

  return {
    admit,
    restore,
    mirror: async () => {
      if (!local || whenDown === 'refuse') return;
      try {
        for (const provider of providers.keys()) {
          local.mirror({ provider, slots: await shared.live(provider) });
        }
      } catch (error) {
        await noteFailure(local);
        throw error;
      }
      lookedAtMs = performance.now();
    },
  };
}

/** For what is only tidying up: the store sees to it by itself in time. */
function ignore(tidying: Promise<unknown>): void {
  tidying.catch(() => undefined);
}

interface Decided {
  readonly decision: Decision;
  readonly store: Store;
}

/** How the wait ended. */
interface Turn extends Decided {
  /** Of a call that is granted: its place is surely held until then. */
  readonly deadlineMs: number;
}

function toRefusal(decision: Exclude<Decision, { readonly kind: 'granted' }>, maxWaitMs: number): Refusal {
  const { policies, retryAfterMs } = decision;
  if (decision.kind === 'limited') {
    const violatedPolicies = decision.violated.flatMap((index) => policies[index]?.name ?? []);
    return new Refusal('rate_limited', { policies, retryAfterMs, violatedPolicies });
  }
  const { position, ticket } = decision;
  const early = ticket === undefined ? 0 : Math.min(earlyMs, (maxWaitMs * 3) / 4);
  return new Refusal('provider_busy', {
    reason: 'the budget is spent',
    policies,
    retryAfterMs: Math.max(0, retryAfterMs - early),
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
