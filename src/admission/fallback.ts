import { BrokenCircuitError } from 'cockatiel';
import { Refusal } from '../gateway/refusal.ts';
import type { Circuit } from '../redis/circuit.ts';
import { errorWord } from '../redis/error-word.ts';
import { withinBudget } from './bounds.ts';
import type { Rules } from './rules.ts';
import { Standstill } from './standstill.ts';
import type { Decision, LocalStore, Store, StoreRequest } from './store.ts';

export interface FallbackOptions {
  /** Where all replicas count. */
  readonly shared: Store;
  /** Where this process counts too, so that it knows what was spent when the shared store is out of reach. */
  readonly local: LocalStore;
  /** What happens while the shared store is out of reach. */
  readonly whenDown: 'local' | 'refuse';
  /** How many processes share a budget that each then counts by itself. */
  readonly replicas: number;
  readonly rules: Rules;
  /** Spares the shared store and everybody's time while it does not answer. */
  readonly circuit: Circuit;
  /** Told of each decision for which the shared store could not be asked. */
  readonly observeFailure: () => void;
}

/** What admission asks of where it counts. */
export type Counts = Pick<Store, 'decide' | 'settle' | 'leave' | 'heed'>;

export interface FallbackCounts extends Counts {
  /** Tells the shared store all that is known to be taken: for when it is back, perhaps empty. */
  readonly tellShared: () => Promise<void>;
  /** Notes what all processes have spent, for when the shared store is out of reach. To be called every second. */
  readonly mirror: () => Promise<void>;
}

/**
 * Counts in the shared store and, while that is out of reach, in this process. Each knows what the other
 * granted before it is asked, so that changing from one to the other gives nothing out twice.
 *
 * `decide` throws {@link Refusal} `limits_unavailable` where this process may not count by itself.
 */
export function createFallback(options: FallbackOptions): FallbackCounts {
  const { shared, local, whenDown, replicas, rules, circuit, observeFailure } = options;
  const standstill = new Standstill();

  async function decide(step: StoreRequest): Promise<Decision> {
    try {
      return await circuit(() => askShared(step));
    } catch (error) {
      observeFailure();
      if (!(error instanceof BrokenCircuitError)) takeBack(step);
      if (whenDown === 'refuse') {
        const reason = errorWord(error) ?? 'no answer';
        throw new Refusal('limits_unavailable', { reason, retryAfterMs: 1000 });
      }
      await noteFailure();
      return askLocal(step);
    }
  }

  async function askShared(step: StoreRequest): Promise<Decision> {
    const { provider, budget, slot } = step;
    if (!rules.has(provider)) return shared.decide(step);
    for (;;) {
      await tellUntold(step);
      const decision = await shared.decide(step);
      if (decision.kind !== 'granted') return decision;
      if (local.untold(provider).length === 0) {
        const freedInMs = budget.callMsMax + budget.perMs;
        local.noteShared({ provider, slots: [{ slot, freedInMs }] });
        return decision;
      }
      // granted here while it was asked there: it did not know
      await shared.settle({ provider, budget, slot, unsent: true });
    }
  }

  async function tellUntold({ provider, budget }: StoreRequest): Promise<void> {
    for (let slots = local.untold(provider); slots.length > 0; slots = local.untold(provider)) {
      await shared.restore({ provider, budget, slots });
      local.noteShared({ provider, slots });
    }
  }

  /** Under a name of its own: what the shared store has yet to hear of the other one must not free it. */
  async function askLocal(step: StoreRequest): Promise<Decision> {
    const slot = `${step.slot}.local`;
    const decision = await local.decide({ ...step, slot, budget: { ...step.budget, replicas } });
    return decision.kind === 'granted' ? { ...decision, slot } : decision;
  }

  /** It may have been decided all the same, unheard. */
  function takeBack({ provider, budget, slot, waiting }: StoreRequest): void {
    ignore(shared.settle({ provider, budget, slot, unsent: true }));
    if (!waiting) return;
    const { freshTicket: ticket, owner } = waiting;
    ignore(shared.leave({ provider, budget, ticket, owner }));
  }

  /** What others spent while this process stood still is unknown, so it is all there was: for one window. */
  async function noteFailure(): Promise<void> {
    if (!standstill.look()) return;
    for (const [provider, { budget }] of rules) {
      const forMs = budget.callMsMax + budget.perMs;
      await local.heed({ provider, budget, remaining: 0, forMs });
    }
  }

  const both = async (tell: (store: Store) => Promise<void>): Promise<void> => {
    await Promise.all([tell(local), tell(shared)]);
  };

  return {
    decide,
    settle: (ended) => both((store) => store.settle(ended)),
    leave: (place) => both((store) => store.leave(place)),
    heed: (said) => both((store) => store.heed(said)),
    tellShared: async () => {
      for (const [provider, { budget }] of rules) {
        const slots = await local.live(provider);
        await shared.restore({ provider, budget, slots });
      }
    },
    mirror: async () => {
      try {
        for (const [provider, { budget }] of rules) {
          local.mirror({ provider, slots: withinBudget(await shared.live(provider), budget) });
        }
      } catch (error) {
        await noteFailure();
        throw error;
      }
      standstill.look();
    },
  };
}

/** For what is only tidying up: the store sees to it by itself in time. */
function ignore(tidying: Promise<unknown>): void {
  tidying.catch(() => undefined);
}
