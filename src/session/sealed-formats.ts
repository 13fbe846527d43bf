import type { Claims, Value } from '../config/expressions.ts';
import type { SealedFormat } from '../config/sealed.ts';

export type Encryption = 'A256GCM' | 'A256CBC-HS512';

/** How a host library derives its key from the host's secret, and what it puts into a session. */
export interface SealedForm {
  /** JWE content encryptions that its versions write. */
  readonly encryptions: readonly Encryption[];
  /** Salt and info of HKDF-SHA-256 (RFC 5869). */
  readonly derivation: (cookie: string) => { readonly salt: string; readonly info: string };
  /** Where a session says when it was made: a number of seconds. */
  readonly issuedAt: (claims: Claims) => Value | undefined;
  /** Where the claims are that name the session, beside its outermost ones. */
  readonly sessionNames: (claims: Claims) => Claims | undefined;
  /** Where the claims of the user's own token are. */
  readonly userClaims: (claims: Claims) => Claims | undefined;
}

const whole = (claims: Claims): Claims => claims;
const iat = (claims: Claims): Value | undefined => claims.get('iat');

export const sealedForms: Readonly<Record<SealedFormat, SealedForm>> = {
  /** 0.18.1 to 0.22 write A256GCM, later ones A256CBC-HS512. @see https://github.com/nextauthjs/next-auth/blob/main/packages/core/src/jwt.ts */
  authjs: {
    encryptions: ['A256CBC-HS512', 'A256GCM'],
    derivation: (cookie) => ({ salt: cookie, info: `Auth.js Generated Encryption Key (${cookie})` }),
    issuedAt: iat,
    sessionNames: whole,
    userClaims: whole,
  },
  /** @see https://github.com/nextauthjs/next-auth/blob/v4/packages/next-auth/src/jwt/index.ts */
  'next-auth': {
    encryptions: ['A256GCM'],
    derivation: () => ({ salt: '', info: 'NextAuth.js Generated Encryption Key' }),
    issuedAt: iat,
    sessionNames: whole,
    userClaims: whole,
  },
  /**
   * Writes no iat. The same key seals its cookies of a sign-in under way, which have no `internal.createdAt`
   * either and so are no sessions. @see https://github.com/auth0/nextjs-auth0/blob/main/src/server/cookies.ts
   */
  'nextjs-auth0': {
    encryptions: ['A256GCM'],
    derivation: () => ({ salt: '', info: 'JWE CEK' }),
    issuedAt: (claims) => below(claims, 'internal')?.get('createdAt'),
    sessionNames: (claims) => below(claims, 'internal'),
    userClaims: (claims) => below(claims, 'user'),
  },
};

function below(claims: Claims, name: string): Claims | undefined {
  const value = claims.get(name);
  return value instanceof Map ? (value as Claims) : undefined;
}
