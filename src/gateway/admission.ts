/** A limit on one user or tenant: at most `max` requests in any trailing window of `perMs`. */
export interface Policy {
  /** As it appears in `RateLimit-Policy`: `user`, `tenant`, or `tenant-1d` where a rule has several windows. */
  readonly name: string;
  /** Whom it counts: 43 base64url characters that say nothing about the user or tenant. */
  readonly subject: string;
  readonly max: number;
  readonly perMs: number;
}

/** What is left of a policy after a decision. */
export interface PolicyState {
  readonly name: string;
  readonly max: number;
  readonly perMs: number;
  readonly remaining: number;
  /** Until more is left: 0 while nothing was spent. */
  readonly resetMs: number;
}

export interface AdmissionRequest {
  readonly policies: readonly Policy[];
  /** The provider whose budget the mint spends. */
  readonly provider: string;
  /** A digest of the tenant: the queue is fair between these. */
  readonly tenant: string;
  /** A digest of tenant and user: places are counted for these, and a tenant's turns are shared between them. */
  readonly owner: string;
  /** The embed asked for: a ticket counts for this embed of its owner alone. */
  readonly embed: string;
  /** The tenant's share of the budget while it is short. */
  readonly weight: number;
  /** Most places that the owner may have at once in the provider's queue, for all embeds together. */
  readonly placesMax: number;
}

/** The one who asks, while it is on the line. */
export interface Caller {
  /** The ticket of a place in the queue that it was given earlier. */
  readonly ticket?: string | undefined;
  /** Aborted when it has gone. */
  readonly signal: AbortSignal;
}

/** What a provider said of its own count: no more than `remaining` calls for `forMs`. */
export interface Heeded {
  readonly remaining: number;
  readonly forMs: number;
}

/** The longest time for which a provider is believed. */
export const heededMsMax = 3_600_000;

/** Leave to mint once. */
export interface Grant {
  /**
   * `performance.now()` at which the longest call ends for which a slot in the budget is held; a process
   * that was stopped meanwhile must not send any more. Infinity where calls are not counted.
   */
  readonly deadlineMs: number;
  readonly policies: readonly PolicyState[];
  /**
   * Spends one more call of the budget, for a second attempt at the same mint.
   *
   * @returns false when the budget has none left
   */
  another(): Promise<boolean>;
  /**
   * Ends the grant: from now on its calls age out of the provider's window. `unsent`: no call reached
   * the provider, so its slot is free at once. What the provider said of its own count shrinks the
   * budget for everybody. Does not wait and does not fail.
   */
  settle(outcome: 'called' | 'unsent', heeded?: Heeded): void;
}

/** What a call needs to know of its grant. */
export type CallGrant = Pick<Grant, 'another' | 'deadlineMs'>;

/**
 * Decides in one atomic step whether a request may mint now: the user's windows, the tenant's
 * windows, the provider's budget, the queue. While the budget is spent it waits in the queue, up to the
 * provider's `maxWait`. A request that is refused, or whose caller goes, has spent nothing.
 *
 * @throws {Refusal} `rate_limited`, `provider_busy` or `limits_unavailable`
 * @throws {CallerGone} the caller left while it waited
 */
export type Admit = (request: AdmissionRequest, caller: Caller) => Promise<Grant>;

/**
 * Counts a request that mints nothing, such as a list or a sign-out, in the windows of its user.
 *
 * @returns what is left of them
 * @throws {Refusal} `rate_limited` or `limits_unavailable`
 */
export type LimitUser = (policies: readonly Policy[]) => Promise<readonly PolicyState[]>;

/** Nobody is left to answer: neither a refusal nor a fault. */
export class CallerGone extends Error {
  constructor() {
    super('the caller has gone');
    this.name = 'CallerGone';
  }
}
