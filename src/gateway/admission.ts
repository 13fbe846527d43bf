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
}

/** Leave to mint once. */
export interface Grant {
  readonly policies: readonly PolicyState[];
  /**
   * Spends one more call of the budget, for a second attempt at the same mint.
   *
   * @returns false when the budget has none left
   */
  another(): Promise<boolean>;
  /**
   * Ends the grant: from now on its calls age out of the provider's window. `unsent`: no call reached
   * the provider, so its place is free at once. Does not wait and does not fail.
   */
  settle(outcome: 'called' | 'unsent'): void;
}

/**
 * Decides in one atomic step whether a request may mint now: the user's windows, the tenant's
 * windows, the provider's budget. A request that is refused has spent nothing.
 *
 * @throws {Refusal} `rate_limited`, `provider_busy` or `limits_unavailable`
 */
export type Admit = (request: AdmissionRequest) => Promise<Grant>;
