import type { OpenSession } from '../gateway/sign-out.ts';

/** What tells the tokens of a session that signed out: one such token has several. */
export interface SignOutMark {
  /** 43 base64url characters that say nothing about the token. */
  readonly digest: string;
  /** Milliseconds since the epoch; after that no token with it is believed anyway. */
  readonly expiresAtMs: number;
}

/** Where sign-outs are remembered. Every store passes the same suite. */
export interface SignOutStore {
  /** True where any of the digests is that of a mark. */
  has(digests: readonly string[]): Promise<boolean>;
  /** Remembers the marks alone: again, where they were lost. */
  remember(marks: readonly SignOutMark[]): Promise<void>;
  /** Remembers the marks, and makes all that is open for their subject due to be ended. */
  signOut(marks: readonly SignOutMark[], subject: string): Promise<void>;
  /** Notes what was opened for a subject; due to be ended at once where its session signed out meanwhile. */
  record(opened: OpenSession, by: OpenedBy): Promise<void>;
  /** What is due to be ended, each given again after {@link retryAfterMs} until it is done or has expired. */
  claim(countMax: number): Promise<readonly OpenSession[]>;
  done(ended: OpenSession): Promise<void>;
}

/** The token that something was opened with, and its tenant and user. */
export interface OpenedBy {
  readonly digests: readonly string[];
  readonly subject: string;
}

/** How long after the first attempt to end a session the next one is made; it doubles with each further one. */
export const retryMs = 5000;

/** The longest time between two attempts. */
export const retryMsMax = 600_000;

/** @param attempts made so far, at least one */
export function retryAfterMs(attempts: number): number {
  return Math.min(retryMs * 2 ** (attempts - 1), retryMsMax);
}

/** Most sessions remembered for one tenant and user; the oldest are forgotten first. */
export const openMax = 100;
