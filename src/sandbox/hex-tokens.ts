import { randomBytes } from 'node:crypto';
import { isSameSecret } from './same-secret.ts';

/** A token that Hex knows, whose owner did not grant it the scope "Create embedded links". */
export const unscopedHexToken = `hxtw_${'5c'.repeat(48)}`;

/** A workspace token past its expiry. */
export const expiredHexToken = `hxtw_${'0e'.repeat(48)}`;

export type TokenStanding = 'good' | 'unscoped' | 'expired' | 'unknown' | 'absent';

/** A fresh workspace token in Hex's form: `hxtw_` and 96 hex characters. */
export function randomHexToken(): string {
  return `hxtw_${randomBytes(48).toString('hex')}`;
}

/** What an Authorization header is worth to a workspace whose one good token is `workspaceToken`. */
export function tokenStanding(authorization: string | undefined, workspaceToken: string): TokenStanding {
  const token = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
  if (token === undefined) return 'absent';
  if (isSameSecret(token, workspaceToken)) return 'good';
  if (isSameSecret(token, unscopedHexToken)) return 'unscoped';
  if (isSameSecret(token, expiredHexToken)) return 'expired';
  return 'unknown';
}
