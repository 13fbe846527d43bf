import type { Heeded, Policy, PolicyState } from '../gateway/admission.ts';

/** What a provider allows: at most `max` calls in any window of `perMs`. */
export interface Budget {
  readonly max: number;
  readonly perMs: number;
  /** Longest time a call may take; a slot that is never ended is freed as if it had ended then. */
  readonly callMsMax: number;
  /**
   * How many processes share what is left of the budget without seeing each other's calls, while the
   * shared store is out of reach; default 1.
   */
  readonly replicas?: number;
}

/** A provider's budget, wherever it is counted. */
export interface ProviderBudget {
  readonly provider: string;
  readonly budget: Budget;
}

/** Who waits, and for how long at most. */
export interface Waiting {
  /** The ticket that the caller shows; it counts only for the owner and the embed it was given for. */
  readonly ticket?: string | undefined;
  /** The ticket of a new place. */
  readonly freshTicket: string;
  /** A digest of tenant and user; within a tenant the queue is fair between these. */
  readonly owner: string;
  readonly embed: string;
  /** A digest; the queue is fair between these, by weight. */
  readonly tenant: string;
  readonly weight: number;
  /** How much longer the caller would wait; a longer wait is answered `busy`, and the place is kept. */
  readonly patienceMs: number;
  /** Longest queue. */
  readonly lengthMax: number;
  /** Most places that the owner may have at once, for all embeds together. */
  readonly placesMax: number;
}

export interface StoreRequest extends ProviderBudget {
  readonly policies: readonly Policy[];
  /** Names the call's slot in the budget. */
  readonly slot: string;
  /** Left out: granted now or not at all, behind everybody who waits. */
  readonly waiting?: Waiting | undefined;
}

interface Placed {
  readonly policies: readonly PolicyState[];
  /** Until the place is served if nobody else arrives. */
  readonly retryAfterMs: number;
  /** From 1. */
  readonly position: number;
}

/** The outcome of one atomic step. Only `granted` has spent anything. */
export type Decision =
  | {
      readonly kind: 'granted';
      readonly policies: readonly PolicyState[];
      /** The call's slot, where it is not the one that was asked with. */
      readonly slot?: string;
    }
  | {
      readonly kind: 'limited';
      readonly policies: readonly PolicyState[];
      /** Indexes of the policies that have no room. */
      readonly violated: readonly number[];
      readonly retryAfterMs: number;
    }
  /** A place in the queue, to be asked about again within {@link leaseMs}. */
  | ({ readonly kind: 'queued'; readonly ticket: string } & Placed)
  /** No grant in time; with a ticket, the place is kept until the caller comes back. */
  | ({ readonly kind: 'busy'; readonly ticket?: string | undefined } & Placed);

/** How long a place is kept without being asked about, while its caller waits on the line. */
export const leaseMs = 2000;

/** How long beyond the wait that was named a place is kept for a caller who comes back. */
export const returnMs = 10_000;

/**
 * Before and after the moment at which a caller was told to be back, its place holds up those behind
 * it; at other times they are served past it, and it stays where it is.
 */
export const aroundMs = 1000;

/** A slot that is still taken. */
export interface LiveSlot {
  readonly slot: string;
  /** Until it is freed. */
  readonly freedInMs: number;
}

/** Where windows, budgets and queues are counted. Every store passes the same suite. */
export interface Store {
  /** @throws when the store is out of reach */
  decide(request: StoreRequest): Promise<Decision>;
  /** Ends a slot: its window runs from now, or it is free at once when no call was made. */
  settle(ended: ProviderBudget & { readonly slot: string; readonly unsent: boolean }): Promise<void>;
  /** Gives a place in the queue up. */
  leave(place: ProviderBudget & { readonly ticket: string; readonly owner: string }): Promise<void>;
  /** Grants no more than the provider says is left, until the moment it names. */
  heed(said: ProviderBudget & Heeded): Promise<void>;
  /** The slots that are taken now. */
  live(provider: string): Promise<readonly LiveSlot[]>;
  /** Takes slots that another store granted, unless they are taken here already. */
  restore(taken: ProviderBudget & { readonly slots: readonly LiveSlot[] }): Promise<void>;
}

/** What of the others one process knows. */
interface Told extends Pick<ProviderBudget, 'provider'> {
  readonly slots: readonly LiveSlot[];
}

/** The store of this process, which knows what was spent through the shared one too. */
export interface LocalStore extends Store {
  /** The slots granted here that the shared store does not count yet. */
  untold(provider: string): readonly LiveSlot[];
  /** Notes that the shared store counts these of this process's slots. */
  noteShared(told: Told): void;
  /** Notes what the shared store counts now; instead of what it was told before. */
  mirror(told: Told): void;
}
