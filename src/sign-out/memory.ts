import { LRUCache } from 'lru-cache';
import type { OpenSession } from '../gateway/sign-out.ts';
import { openMax, retryAfterMs, type SignOutMark, type SignOutStore } from './store.ts';

const signOutsMax = 100_000;
/** Of one sign-out, as far as issuers are known: the token's own, its `jti` and a session's id. */
const marksOfOne = 3;
const subjectsMax = 10_000;
const ownMax = 100;

interface Due {
  readonly session: OpenSession;
  attempts: number;
  attemptAtMs: number;
}

/**
 * Remembers in this process: the last 100,000 sign-outs, and the sessions of 10,000 subjects. A sealed cookie
 * is a new token each time its host seals it: of one subject only the newest 100 are remembered, so that the
 * many sign-outs of one user do not make those of others be forgotten.
 *
 * @param now milliseconds since the epoch
 */
export function createMemorySignOutStore(now: () => number = Date.now): SignOutStore {
  // counted by size, since room for `max` would be taken at once
  const marks = new LRUCache<string, number>({
    maxSize: signOutsMax * marksOfOne,
    sizeCalculation: () => 1,
  });
  const own = new LRUCache<string, readonly (readonly string[])[]>({ max: subjectsMax });
  const open = new LRUCache<string, OpenSession[]>({ max: subjectsMax });
  const due = new Map<string, Due>();

  const isAlive = ({ expiresAtMs }: { readonly expiresAtMs: number }): boolean => expiresAtMs > now();
  const makeDue = (session: OpenSession): void => {
    const key = keyOf(session);
    if (!due.has(key)) due.set(key, { session, attempts: 0, attemptAtMs: now() });
  };
  const remember = (given: readonly SignOutMark[]): void => {
    for (const { digest, expiresAtMs } of given) marks.set(digest, expiresAtMs);
  };
  const keepNewest = (digests: readonly string[], subject: string): void => {
    const others = (own.get(subject) ?? []).filter(([token]) => token !== digests[0]);
    const kept = [...others, digests].slice(-ownMax);
    for (const digest of others.slice(0, -ownMax + 1).flat()) {
      if (!kept.some((of) => of.includes(digest))) marks.delete(digest);
    }
    own.set(subject, kept);
  };
  const has = (digests: readonly string[]): boolean =>
    digests.some((digest) => isAlive({ expiresAtMs: marks.get(digest) ?? 0 }));

  return {
    has: (digests) => Promise.resolve(has(digests)),
    remember: (given) => {
      remember(given);
      return Promise.resolve();
    },
    signOut: (given, subject) => {
      remember(given);
      keepNewest(
        given.map(({ digest }) => digest),
        subject,
      );
      for (const session of open.get(subject) ?? []) makeDue(session);
      open.delete(subject);
      return Promise.resolve();
    },
    record: (opened, { digests, subject }) => {
      if (has(digests)) makeDue(opened);
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
