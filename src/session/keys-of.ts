import type { KeyObject } from 'node:crypto';
import type { SessionConfig } from '../config/sessions.ts';
import { discoverKeySet } from './discovery.ts';
import { createKeyFetches, type KeyFetchesOptions } from './key-fetches.ts';
import { createFetchKeyDocument } from './key-server.ts';
import { readKeySet, type KeySet } from './key-set.ts';
import type { Keys } from './keys.ts';
import { createRemoteKeys } from './remote-keys.ts';

/** So that a session is refused within six seconds, whatever else takes its time. */
const fetchMsMax = 4500;

/** The keys that an entry of `sessions` configures: at hand, or to be fetched. */
export function keysOf(
  { issuer, keys, algorithms }: Pick<SessionConfig, 'issuer' | 'keys' | 'algorithms'>,
  onIgnored: KeyFetchesOptions['onIgnored'],
): Keys {
  if (keys.pem) return fixedKey(keys.pem);
  if (keys.secret) return fixedKey(new TextEncoder().encode(keys.secret.reveal()));
  const fetchDocument = createFetchKeyDocument(keys.ca);
  const fetchSet = async (): Promise<KeySet> => {
    const deadline = AbortSignal.timeout(fetchMsMax); // one for both documents
    const address = keys.jwks ?? (await discoverKeySet(issuer, fetchDocument, deadline));
    return readKeySet(await fetchDocument(address, deadline), algorithms);
  };
  return createRemoteKeys(createKeyFetches({ fetchSet, maxStaleMs: keys.maxStale, onIgnored }));
}

function fixedKey(key: KeyObject | Uint8Array): Keys {
  return {
    find: () => Promise.resolve(key),
    refreshWhenDue: () => Promise.resolve(),
    isReady: () => true,
    failure: () => undefined,
  };
}
