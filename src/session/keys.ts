import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from 'jose';
import type { KeyObject } from 'node:crypto';
import type { SessionConfig } from '../config/sessions.ts';
import { isSecureUrl } from '../config/urls.ts';
import { createBackOff } from './back-off.ts';
import { fetchKeyDocument, KeysUnavailable } from './key-server.ts';

/** The keys that may verify one issuer's tokens. */
export interface Keys {
  /** @throws {KeysUnavailable} the issuer's keys are out of reach */
  readonly find: JWTVerifyGetKey;
  /**
   * Fetches the keys ahead of the first request, whatever failed before; may be called again. Does
   * nothing where they are in the configuration.
   *
   * @throws {KeysUnavailable}
   */
  warmUp(): Promise<void>;
  /** False while keys that must be fetched never were. */
  isReady(): boolean;
}

export function keysOf({ issuer, keys }: Pick<SessionConfig, 'issuer' | 'keys'>): Keys {
  if (keys.pem) return fixedKey(keys.pem);
  if (keys.secret) return fixedKey(new TextEncoder().encode(keys.secret.reveal()));
  const { jwks } = keys;
  return remoteKeys(jwks ? () => Promise.resolve(jwks) : () => discoverKeySet(issuer));
}

function fixedKey(key: KeyObject | Uint8Array): Keys {
  return { find: () => Promise.resolve(key), warmUp: () => Promise.resolve(), isReady: () => true };
}

type KeySet = ReturnType<typeof createRemoteJWKSet>;

/**
 * A key set at an address: kept for ten minutes, fetched again for an unknown kid at most once in 30 s.
 * After a failed fetch the next one waits, and requests in between fail at once; those at the same time share one.
 *
 * @param address resolves to the key set's URL; asked again until it first answers
 */
function remoteKeys(address: () => Promise<URL>): Keys {
  const backOff = createBackOff();
  let set: KeySet | undefined;
  let connecting: Promise<KeySet> | undefined;
  const open = async (): Promise<KeySet> => {
    set = createRemoteJWKSet(await backOff.run(address), {
      cooldownDuration: 30_000,
      cacheMaxAge: 600_000,
      [customFetch]: async (href) => Response.json(await backOff.run(() => fetchKeySet(new URL(href)))),
    });
    return set;
  };
  const connect = (): Promise<KeySet> =>
    (connecting ??= open().catch((error: unknown) => {
      connecting = undefined;
      throw error;
    }));
  return {
    find: async (header, token) => (await connect())(header, token),
    warmUp: async () => {
      backOff.permit();
      await (await connect()).reload();
    },
    isReady: () => set?.jwks() !== undefined,
  };
}

async function fetchKeySet(url: URL): Promise<Readonly<Record<string, unknown>>> {
  const document = await fetchKeyDocument(url);
  const { keys } = document;
  if (!Array.isArray(keys) || !keys.every(isObject)) throw new KeysUnavailable('the answer is not a key set');
  return document;
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @see https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfigurationValidation */
async function discoverKeySet(issuer: string): Promise<URL> {
  const { issuer: named, jwks_uri: address } = await fetchKeyDocument(
    new URL(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`),
  );
  if (named !== issuer) throw new KeysUnavailable('the discovery document names another issuer');
  const url = typeof address === 'string' && URL.canParse(address) ? new URL(address) : undefined;
  if (!url || !isSecureUrl(url)) throw new KeysUnavailable('the discovery document has no secure jwks_uri');
  return url;
}
