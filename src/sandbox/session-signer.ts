import {
  calculateJwkThumbprint,
  errors,
  exportJWK,
  generateKeyPair,
  jwtVerify,
  SignJWT,
  type JSONWebKeySet,
} from 'jose';
import { claimsOf, defaultPerson, findPerson, type Person } from './people.ts';

export const audience = 'analytics';

export interface SessionSigner {
  readonly jwks: JSONWebKeySet;
  /**
   * Signs an RS256 session token.
   *
   * @param claims laid over the claims of the person whose id is `claims.sub`, Ada when there is none; they win over
   *   `iss`, `aud`, `iat` and `exp` too, and a claim given as undefined is left out
   * @param options.expiresIn jose's notation, such as `5m` or `-1m`; default `1h`; not read when `claims` has `exp`
   */
  sign(claims: Record<string, unknown>, options?: { readonly expiresIn?: string }): Promise<string>;
  /** The person a token signed here belongs to; undefined when it is missing, foreign or expired. */
  personOf(token: string | undefined): Promise<Person | undefined>;
}

/** Makes a fresh RSA-2048 key, so tokens of an earlier run are worth nothing. */
export async function createSessionSigner(issuer: () => string): Promise<SessionSigner> {
  const { publicKey, privateKey } = await generateKeyPair('RS256', { modulusLength: 2048 });
  const jwk = await exportJWK(publicKey);
  const kid = await calculateJwkThumbprint(jwk);

  return {
    jwks: { keys: [{ ...jwk, kid, alg: 'RS256', use: 'sig' }] },

    async sign(claims, { expiresIn = '1h' } = {}) {
      const person = findPerson(claims.sub) ?? defaultPerson;
      const token = new SignJWT({ iss: issuer(), aud: audience, ...claimsOf(person), ...claims });
      if (!('iat' in claims)) token.setIssuedAt();
      if (!('exp' in claims)) token.setExpirationTime(expiresIn);
      return token.setProtectedHeader({ alg: 'RS256', kid, typ: 'JWT' }).sign(privateKey);
    },

    async personOf(token) {
      if (token === undefined) return undefined;
      try {
        const { payload } = await jwtVerify(token, publicKey, { issuer: issuer(), audience });
        return findPerson(payload.sub);
      } catch (error) {
        if (error instanceof errors.JOSEError) return undefined;
        throw error;
      }
    },
  };
}
