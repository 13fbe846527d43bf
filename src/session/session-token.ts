import { createHash } from 'node:crypto';
import type { Claims } from '../config/expressions.ts';
import type { SessionConfig } from '../config/sessions.ts';
import type { SessionToken } from '../gateway/session.ts';
import { sealedForms } from './sealed-formats.ts';

/**
 * What a verified token is known by from now on. Its signature is left out of the digest: that of an
 * elliptic curve can be written in two ways, and the other one would be another token. What was sealed
 * holds no signature, and each of its parts is authenticated.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7515#section-5.1
 */
export function sessionToken(
  token: string,
  claims: Claims,
  { issuer, keys, maxAge, clockTolerance }: SessionConfig,
): SessionToken {
  const parts = token.split('.');
  const signed = parts.length === 3 ? parts.slice(0, 2) : parts;
  const issuedAt = keys.sealed ? sealedForms[keys.sealed.format].issuedAt(claims) : claims.get('iat');
  const untilMs = Math.min(Number(claims.get('exp')) * 1000, Number(issuedAt) * 1000 + maxAge);
  return {
    digest: createHash('sha256')
      .update(JSON.stringify([issuer, signed]))
      .digest('base64url'),
    // its time is held against whole seconds, rounded down
    expiresAtMs: untilMs + clockTolerance + 1000,
  };
}
