import { z } from 'zod';
import type { CubeAccount } from './cube-account.ts';
import { pipeline } from './cube-deals.ts';
import { readSessionRequest } from './cube-request.ts';
import { isSameSecret } from './same-secret.ts';

/** The number of the account's only deployment. */
export const deploymentId = 1;

export interface CubeAnswer {
  readonly status: number;
  readonly body?: Readonly<Record<string, string>>;
}

// Cube documents no error bodies; these are as plausible as any.
function problem(status: number, error: string): CubeAnswer {
  return { status, body: { error } };
}

/** @returns undefined when the key is the account's; a missing or wrong one is 403 */
export function checkApiKey(authorization: string | undefined, apiKey: string): CubeAnswer | undefined {
  const key = /^Api-Key +(\S+)$/i.exec(authorization ?? '')?.[1];
  return key !== undefined && isSameSecret(key, apiKey) ? undefined : problem(403, 'Forbidden');
}

/**
 * Decides a call of generate-session whose key was right.
 *
 * @param nowMs a clock that never goes back
 */
export function generateSession(body: unknown, account: CubeAccount, nowMs: number): CubeAnswer {
  const request = readSessionRequest(body);
  if (typeof request === 'string') return problem(400, request);
  if (request.deploymentId !== deploymentId) return problem(403, 'The key is not for this deployment');
  const { externalId } = request;
  if (externalId === undefined) return problem(404, 'User not found'); // there are no internal users here
  const known: readonly string[] = pipeline.attributes;
  if (!request.userAttributes.every(({ name }) => known.includes(name))) {
    return problem(400, 'User attributes not found');
  }
  if (!account.hasRoomFor(externalId)) return problem(403, 'The account has all its external users');
  account.update(externalId, request);
  const workspace = request.creatorMode === true ? request.embedTenantName : undefined;
  return { status: 200, body: { sessionId: account.open({ externalId, workspace }, nowMs) } };
}

const sessionNamed = z.strictObject({ sessionId: z.string().min(1) });

/** Decides the frame's call, which needs no key: the session id is enough, once. */
export function exchangeSession(body: unknown, account: CubeAccount, nowMs: number): CubeAnswer {
  const named = sessionNamed.safeParse(body);
  if (!named.success) return problem(400, 'sessionId is required');
  const token = account.exchange(named.data.sessionId, nowMs);
  return token === undefined
    ? problem(401, 'The session is used, expired or unknown')
    : { status: 200, body: { token } };
}

/** Decides a revocation whose key was right: 204 whether or not there was such a session. */
export function revokeSession(body: unknown, account: CubeAccount): CubeAnswer {
  const named = sessionNamed.safeParse(body);
  if (!named.success) return problem(400, 'sessionId is required');
  account.revoke(named.data.sessionId);
  return { status: 204 };
}
