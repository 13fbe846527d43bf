import { LRUCache } from 'lru-cache';
import type { OpenSession } from '../gateway/sign-out.ts';
import { openMax, retryAfterMs, type SignOutStore } from './store.ts';

const tokensMax = 100_000;
const subjectsMax = 10_000;
const ownMax = 100;

interface Due {
  readonly session: OpenSession;
  attempts: number;
  attemptAtMs: number;
}

/**
 * Remembers in this process: the last 100,000 tokens, and the sessions of 10,000 subjects. A sealed cookie is
 * a new token each time its host seals it: of one subject only the newest 100 are remembered, so that nobody's
 * own many sign-outs make others' be forgotten.
 *
 * @param now milliseconds since the epoch
 */
export function createMemorySignOutStore(now: () => number = Date.now): SignOutStore {
  const tokens = new LRUCache<string, number>({ max: tokensMax });
  const own = new LRUCache<string, readonly string[]>({ max: subjectsMax });
  const open = new LRUCache<string, OpenSession[]>({ max: subjectsMax });
  const due = new Map<string, Due>();

  const isAlive = ({ expiresAtMs }: { readonly expiresAtMs: number }): boolean => expiresAtMs > now();
  const makeDue = (session: OpenSession): void => {
    const key = keyOf(session);
    if (!due.has(key)) due.set(key, { session, attempts: 0, attemptAtMs: now() });
  };
  const keepNewest = (digest: string, subject: string): void => {
    const digests = [...(own.get(subject) ?? []).filter((other) => other !== digest), digest];
    for (const oldest of digests.slice(0, -ownMax)) tokens.delete(oldest);
    own.set(subject, digests.slice(-ownMax));
  };
  const has = (digest: string): boolean => isAlive({ expiresAtMs: tokens.get(digest) ?? 0 });

  return {
    has: (digest) => Promise.resolve(has(digest)),
    remember: ({ digest, expiresAtMs }) => {
      tokens.set(digest, expiresAtMs);
      return Promise.resolve();
    },
    signOut: ({ digest, expiresAtMs }, subject) => {
      tokens.set(digest, expiresAtMs);
      keepNewest(digest, subject);
      for (const session of open.get(subject) ?? []) makeDue(session);
      open.delete(subject);
      return Promise.resolve();
    },
    record: (opened, { digest, subject }) => {
      if (has(digest)) makeDue(opened);
      else open.set(subject, [...(open.get(subject) ?? []).filter(isAlive), opened].slice(-openMax));
      return Promise.resolve();
    },
    claim: (countMax) => {
      for (const [key, { session }] of due) if (!isAlive(session)) due.delete(key);
      const claimed = [...due.values()].filter(({ attemptAtMs }) => attemptAtMs <= now()).slice(0, countMax);
      for (const one of claimed) {
        one.attempts += 1;
        one.attemptAtMs = now() + retryAfterMs(one.attempts);
      }
      return Promise.resolve(claimed.map(({ session }) => session));
    },
    done: (ended) => {
      due.delete(keyOf(ended));
      return Promise.resolve();
    },
  };
}

function keyOf({ provider, id }: OpenSession): string {
  return JSON.stringify([provider, id]);
}
