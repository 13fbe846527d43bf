import type { CallerGone } from './admission.ts';
import type { Embed } from './embed.ts';
import type { Refusal } from './refusal.ts';
import type { Session } from './session.ts';

/** What became known of a request on its way, for the audit line; filled in step by step. */
export interface Trail {
  /** What was asked for; left out: a mint. */
  readonly act?: 'sign-out';
  readonly requestId: string;
  /** `performance.now()` when the request came in. */
  readonly startedAt: number;
  session?: Session;
  embed?: Embed;
  combination?: string;
}

/** Notes how a request ended: in what it asked for, in the refusal given, or with nobody left to answer. */
export type Report = (trail: Trail, end: Refusal | CallerGone | undefined) => void;
