import { errors } from 'jose';
import type { KeyFetches } from './key-fetches.ts';
import { KeysUnavailable } from './key-server.ts';
import type { KeySet } from './key-set.ts';
import type { Keys } from './keys.ts';

/** Keys that are fetched, kept fresh, and used on while their server fails. */
export function createRemoteKeys({ usable, failure, join, whenDue, forUnknownKid }: KeyFetches): Keys {
  return {
    find: async (...token) => {
      // a fetch under way may have been asked before a new key was published, so the kid may need one more
      const attempts = usable() ? [nothing, join, forUnknownKid] : [whenDue];
      for (const attempt of attempts) {
        await attempt();
        const key = await matching(usable(), token);
        if (key) return key;
      }
      // while the server fails, a kid that it would know now looks the same as one that nobody knows
      const reason = failure();
      throw reason === undefined ? new errors.JWKSNoMatchingKey() : new KeysUnavailable(reason);
    },
    refreshWhenDue: whenDue,
    isReady: () => usable() !== undefined,
    failure,
  };
}

type Find = KeySet['find'];

async function nothing(): Promise<void> {
  // the keys at hand mostly do
}

/** @returns undefined when no key is the token's */
async function matching(
  set: KeySet | undefined,
  token: Parameters<Find>,
): Promise<Awaited<ReturnType<Find>> | undefined> {
  try {
    return await set?.find(...token);
  } catch (error) {
    if (error instanceof errors.JWKSNoMatchingKey) return undefined;
    throw error;
  }
}
