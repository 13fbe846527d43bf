import { compactDecrypt, errors } from 'jose';
import type { Claims } from '../config/expressions.ts';
import type { SealedConfig } from '../config/sealed.ts';
import type { SessionConfig } from '../config/sessions.ts';
import { placeName, type TokenPlace } from '../config/token-places.ts';
import { Refusal } from '../gateway/refusal.ts';
import { sealedForms } from './sealed-formats.ts';
import { deriveKeys, type SealedKey } from './sealed-keys.ts';
import { checkTimes } from './sealed-times.ts';
import { decodePart, readObject } from './token-text.ts';

/** A configured entry whose sessions are sealed cookies, ready to open them. */
export interface SealedSessions {
  readonly config: SessionConfig;
  /**
   * Opens a cookie's value and holds its times against the clock.
   *
   * @param place where it was found: its name is part of the key
   * @throws {Refusal} `session_invalid`, `session_expired`
   */
  readonly open: (token: string, place: TokenPlace) => Promise<Claims>;
}

export function createSealedSessions(configs: readonly SessionConfig[]): readonly SealedSessions[] {
  return configs.flatMap((config) => {
    const { sealed } = config.keys;
    return sealed ? [{ config, open: createOpen(sealed, config) }] : [];
  });
}

function createOpen(sealed: SealedConfig, config: SessionConfig): SealedSessions['open'] {
  const keysOf = new Map(
    config.tokens.map((place) => [
      placeName(place),
      place.kind === 'cookie' ? deriveKeys(sealed, place.name) : [],
    ]),
  );
  const { issuedAt } = sealedForms[sealed.format];
  return async (token, place) => {
    const claims = await decrypt(token, keysFor(token, keysOf.get(placeName(place)) ?? []));
    checkTimes({ exp: claims.get('exp'), issuedAt: issuedAt(claims), nbf: claims.get('nbf') }, config);
    return claims;
  };
}

/**
 * The keys that may have sealed a token: the one that its `kid` names, or all where it names none.
 *
 * Only what these libraries write is read: a compact JWE in canonical base64url without any parameter
 * that could lead elsewhere, so that nothing in it is decompressed, derived or looked up. That its key
 * is in direct use, and for which encryption, jose is told with each key.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7516#section-7.1
 */
function keysFor(token: string, keys: readonly SealedKey[]): readonly SealedKey[] {
  const [header = '', , ...rest] = token.split('.');
  rest.forEach(decodePart);
  const parameters = readObject(decodePart(header), 'header');
  if ([...parameters.keys()].some((name) => !['alg', 'enc', 'kid'].includes(name))) {
    throw invalid('has a header parameter beside alg, enc and kid');
  }
  const kid = parameters.get('kid');
  return kid === undefined ? keys : keys.filter((key) => key.kid === kid);
}

async function decrypt(token: string, keys: readonly SealedKey[]): Promise<Claims> {
  for (const key of keys) {
    const plaintext = await tryKey(token, key);
    if (plaintext) return readObject(plaintext, 'payload');
  }
  throw invalid('opens with no key');
}

/** Undefined for a key that does not open the token. */
async function tryKey(token: string, { bytes, encryption }: SealedKey): Promise<Uint8Array | undefined> {
  try {
    const { plaintext } = await compactDecrypt(token, bytes, {
      keyManagementAlgorithms: ['dir'],
      contentEncryptionAlgorithms: [encryption],
    });
    return plaintext;
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}

function invalid(reason: string): Refusal {
  return new Refusal('session_invalid', { reason: `the sealed cookie ${reason}` });
}
