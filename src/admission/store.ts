import type { Policy, PolicyState } from '../gateway/admission.ts';

/** What a provider allows: at most `max` calls in any window of `perMs`. */
export interface Budget {
  readonly max: number;
  readonly perMs: number;
  /** Longest time a call may take; a slot that is never ended is freed as if it had ended then. */
  readonly callMsMax: number;
}

export interface StoreRequest {
  readonly policies: readonly Policy[];
  readonly provider: string;
  readonly budget: Budget;
  /** Names the call's slot in the budget. */
  readonly slot: string;
}

/** The outcome of one atomic step. Only `granted` has spent anything. */
export type Decision =
  | { readonly kind: 'granted'; readonly policies: readonly PolicyState[] }
  | {
      readonly kind: 'limited';
      readonly policies: readonly PolicyState[];
      /** Indexes of the policies that have no room. */
      readonly violated: readonly number[];
      readonly retryAfterMs: number;
    }
  | { readonly kind: 'busy'; readonly policies: readonly PolicyState[]; readonly retryAfterMs: number };

/**
 * Where windows and budgets are counted. Every store passes the same suite.
 *
 * A later queue belongs into `decide`, in place of `busy`.
 */
export interface Store {
  /** @throws when the store is out of reach */
  decide(request: StoreRequest): Promise<Decision>;
  /** Ends a slot: its window runs from now, or it is free at once when no call was made. */
  settle(slot: { provider: string; budget: Budget; slot: string; unsent: boolean }): Promise<void>;
}
