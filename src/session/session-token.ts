import { createHash } from 'node:crypto';
import type { Claims } from '../config/expressions.ts';
import type { SessionConfig } from '../config/sessions.ts';
import type { SessionToken } from '../gateway/session.ts';
import { sealedForms } from './sealed-formats.ts';
import { sharedNames } from './shared-names.ts';

/** Times are held against whole seconds, rounded down. */
const roundingMs = 1000;

/**
 * What a verified token is known by from now on. Its signature is left out of the digest: that of an
 * elliptic curve can be written in two ways, and the other one would be another token. What was sealed
 * holds no signature, and each of its parts is authenticated.
 *
 * A host may seal or sign one session again and again, each time another token: what names the session
 * in them is told too.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7515#section-5.1
 */
export function sessionToken(
  token: string,
  { claims, user }: { readonly claims: Claims; readonly user: string },
  { issuer, keys, maxAge, clockTolerance }: SessionConfig,
): SessionToken {
  const parts = token.split('.');
  const signed = parts.length === 3 ? parts.slice(0, 2) : parts;
  const sealed = keys.sealed && sealedForms[keys.sealed.format];
  const issuedAt = sealed ? sealed.issuedAt(claims) : claims.get('iat');
  const untilMs = Math.min(Number(claims.get('exp')) * 1000, Number(issuedAt) * 1000 + maxAge);
  const names = sharedNames([claims, sealed?.sessionNames(claims)]);
  return {
    digest: digestOf(issuer, signed),
    expiresAtMs: untilMs + clockTolerance + roundingMs,
    ...(names.length > 0 && {
      session: {
        digests: names.map(([name, value]) => digestOf(issuer, name, user, value)),
        // one more tolerance: a token that was made until now may say that it was made that much later
        expiresAtMs: Date.now() + maxAge + 2 * clockTolerance + roundingMs,
      },
    }),
  };
}

function digestOf(...parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}
