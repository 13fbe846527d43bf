import type { Heeded, PolicyState } from './admission.ts';

/** Every reason to refuse: its status, and what the caller is told. Codes are part of the contract. */
export const refusalTable = {
  session_missing: [401, 'Sign-in is required', 'The request carries no session token.'],
  session_invalid: [401, 'The session is not valid', 'The session token was not accepted.'],
  session_expired: [401, 'The session has expired', 'Sign in again and repeat the request.'],
  session_ambiguous: [401, 'More than one session', 'The request carries different session tokens.'],
  session_unverifiable: [503, 'The session cannot be checked now', 'The keys for it are out of reach.'],
  origin_denied: [403, 'This origin may not ask', 'The request shows no origin that is allowed.'],
  embed_not_found: [404, 'No such embed', 'There is no embed of this name.'],
  embed_denied: [403, 'This embed is not for this session', 'The session may not open this embed.'],
  attribute_missing: [403, 'The session lacks what filters this embed', 'An attribute could not be built.'],
  input_invalid: [400, 'The request is not valid', 'See `errors` for what does not fit.'],
  rate_limited: [429, 'Too many requests', 'Wait for as long as Retry-After says.'],
  provider_busy: [503, 'The analytics provider is busy', 'Its budget is spent for the moment.'],
  provider_misconfigured: [502, 'The analytics provider refused', 'The operator has to look into it.'],
  provider_unavailable: [502, 'The analytics provider is out of reach', 'Try again a little later.'],
  provider_timeout: [504, 'The analytics provider did not answer', 'Try again a little later.'],
  limits_unavailable: [503, 'Limits cannot be checked now', 'Try again a little later.'],
} as const satisfies Record<string, readonly [status: number, title: string, detail: string]>;

export type RefusalCode = keyof typeof refusalTable;

/** What a refusal carries beside its code. `reason`, `unsent` and `heeded` never reach the caller. */
export interface RefusalParts {
  /** For the operator's log alone: never a token, a secret, a URL or a claim's value. */
  readonly reason?: string;
  /** Of a session that was not believed: the entry of the configuration that judged it. */
  readonly issuer?: string;
  /** True when no call reached the provider, so that its budget is untouched. */
  readonly unsent?: boolean;
  /** What the provider said of its own count. */
  readonly heeded?: Heeded;
  /** Given on as `Retry-After`, rounded up to whole seconds. */
  readonly retryAfterMs?: number;
  readonly errors?: readonly { readonly name: string; readonly reason: string }[];
  readonly violatedPolicies?: readonly string[];
  /** A place in the provider's queue, to be shown again as `Queue-Ticket`. */
  readonly ticket?: string;
  /** Of that place, from 1. */
  readonly position?: number;
  /** What is left of each limit, for the `RateLimit` field. */
  readonly policies?: readonly PolicyState[];
}

/** A request denied with a stable code: an answer, not a fault. Everything else that is thrown is a fault. */
export class Refusal extends Error {
  readonly code: RefusalCode;
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly parts: RefusalParts;

  constructor(code: RefusalCode, parts: RefusalParts = {}) {
    super(code);
    this.name = 'Refusal';
    this.code = code;
    [this.status, this.title, this.detail] = refusalTable[code];
    this.parts = parts;
  }
}
