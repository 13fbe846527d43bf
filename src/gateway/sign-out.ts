import type { LimitsConfig } from '../config/limits.ts';
import type { LimitUser, PolicyState } from './admission.ts';
import { userPolicies } from './limits.ts';
import type { Credentials, VerifiedSession, VerifySession } from './session.ts';
import type { Report, Trail } from './trail.ts';
import { Refusal } from './refusal.ts';

/** A frame's session at a provider that can be ended there. */
export interface OpenSession {
  /** The provider's name in the configuration. */
  readonly provider: string;
  /** What the provider knows it by; as secret as the URL. */
  readonly id: string;
  /** Milliseconds since the epoch; after that there is nothing left to end. */
  readonly expiresAtMs: number;
}

/** The longest time for which an opened session may be worth ending. */
export const openMsMax = 7 * 86_400_000;

/** Who signed out, on any replica, and what is still to be ended at providers for it. */
export interface SignOuts {
  /** @throws {Refusal} `limits_unavailable`: it cannot be known, and must be */
  has(session: VerifiedSession): Promise<boolean>;
  /**
   * From now on the session's token is refused, and so is each other one that names the same session; all
   * that was opened for its tenant and user is ended at the providers, in the background. Doing it again
   * changes nothing.
   *
   * @throws {Refusal} `limits_unavailable`: other replicas could not be told; this one refuses the token
   */
  add(session: VerifiedSession): Promise<void>;
  /** Notes what was opened for a session, so that signing out can end it. Does not wait and does not fail. */
  record(session: VerifiedSession, opened: OpenSession): void;
}

async function refuseIfSignedOut(session: VerifiedSession, signOuts: Pick<SignOuts, 'has'>): Promise<void> {
  if (!(await signOuts.has(session))) return;
  throw new Refusal('session_invalid', { reason: 'signed out', issuer: session.issuer });
}

/** Refuses the tokens that were signed out. */
export function refuseSignedOut(verifySession: VerifySession, signOuts: SignOuts): VerifySession {
  return async (credentials) => {
    const session = await verifySession(credentials);
    await refuseIfSignedOut(session, signOuts);
    return session;
  };
}

/** What was checked this short a time ago is taken to be so still. */
const momentMs = 1000;

/**
 * Refuses a session that ended while its request waited: Hex's URLs cannot be taken back.
 *
 * @param checkedAtMs `performance.now()` when it was verified
 * @throws {Refusal} `session_expired`, `session_invalid`; `limits_unavailable` where it cannot be known
 */
export async function refuseEnded(
  session: VerifiedSession,
  checkedAtMs: number,
  signOuts: Pick<SignOuts, 'has'>,
): Promise<void> {
  if (performance.now() - checkedAtMs < momentMs) return;
  if (Date.now() >= session.token.expiresAtMs) {
    throw new Refusal('session_expired', { reason: 'while it waited' });
  }
  await refuseIfSignedOut(session, signOuts);
}

/**
 * Counts in the windows of the session's user, since each sign-out writes to the shared store.
 *
 * @returns what is left of those windows
 * @throws {Refusal} what is wrong with the session; one that was signed out before is not refused;
 *   `rate_limited`, `limits_unavailable`
 */
export type SignOut = (request: {
  readonly requestId: string;
  readonly credentials: Credentials;
}) => Promise<readonly PolicyState[]>;

/** @param verifySession takes tokens that were signed out too */
export function createSignOut(parts: {
  readonly verifySession: VerifySession;
  readonly limitUser: LimitUser;
  readonly limits: Pick<LimitsConfig, 'user'>;
  readonly signOuts: SignOuts;
  readonly report: Report;
}): SignOut {
  const { verifySession, limitUser, limits, signOuts, report } = parts;
  return async ({ requestId, credentials }) => {
    const trail: Trail = { act: 'sign-out', requestId, startedAt: performance.now() };
    try {
      const session = await verifySession(credentials);
      trail.session = session;
      const policies = await limitUser(userPolicies(limits, session)).catch(ignoreUnavailable);
      await signOuts.add(session);
      report(trail, undefined);
      return policies;
    } catch (error) {
      if (error instanceof Refusal) report(trail, error);
      throw error;
    }
  };
}

/** Where limits cannot be counted this process still refuses the token from now on. */
function ignoreUnavailable(error: unknown): readonly PolicyState[] {
  if (error instanceof Refusal && error.code === 'limits_unavailable') return [];
  throw error;
}
