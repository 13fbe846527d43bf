import type { OpenSession } from '../gateway/sign-out.ts';

/** A token that was signed out. */
export interface SignedOutToken {
  /** 43 base64url characters that say nothing about the token. */
  readonly digest: string;
  /** Milliseconds since the epoch; after that nobody believes the token anyway. */
  readonly expiresAtMs: number;
}

/** Where sign-outs are remembered. Every store passes the same suite. */
export interface SignOutStore {
  has(digest: string): Promise<boolean>;
  /** Remembers the token alone: again, where it was lost. */
  remember(token: SignedOutToken): Promise<void>;
  /** Remembers the token, and makes all that is open for its subject due to be ended. */
  signOut(token: SignedOutToken, subject: string): Promise<void>;
  /** Notes what was opened for a subject; due to be ended at once where the token was signed out meanwhile. */
  record(opened: OpenSession, by: { readonly digest: string; readonly subject: string }): Promise<void>;
  /** What is due to be ended, each given again after {@link retryAfterMs} until it is done or has expired. */
  claim(countMax: number): Promise<readonly OpenSession[]>;
  done(ended: OpenSession): Promise<void>;
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
