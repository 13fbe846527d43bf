import { LRUCache } from 'lru-cache';
import { userSubject } from '../gateway/limits.ts';
import { Refusal } from '../gateway/refusal.ts';
import type { SessionToken } from '../gateway/session.ts';
import type { SignOuts } from '../gateway/sign-out.ts';
import type { Circuit } from '../redis/circuit.ts';
import { errorWord } from '../redis/error-word.ts';
import type { SignOutMark, SignOutStore } from './store.ts';

const takenMax = 10_000;
const heardMax = 10_000;

export interface SignOutsOptions {
  /** Where all replicas remember. */
  readonly shared: SignOutStore;
  /** Where this process does too, for when the shared store is out of reach. */
  readonly local?: SignOutStore | undefined;
  /** Whether a session is believed while nobody can say if it signed out on another replica. */
  readonly whenDown: 'local' | 'refuse';
  /** Spares the shared store and everybody's time while it does not answer. */
  readonly circuit: Circuit;
  /** Told when there is something to be ended at a provider. */
  readonly onDue: () => void;
}

/** A sign-out that this process took. */
interface Taken {
  readonly marks: readonly SignOutMark[];
  readonly subject: string;
  /** Whether the shared store has heard of it. */
  isTold: boolean;
}

/** Tells the shared store again what it did not hear or has lost. */
export interface SignOutsHere extends SignOuts {
  /** What it did not hear; to be called every second or so. */
  retell(): Promise<void>;
  /** All that this process knows: for when the store is back, perhaps empty. */
  restore(): Promise<void>;
}

export function createSignOuts({ shared, local, whenDown, circuit, onDue }: SignOutsOptions): SignOutsHere {
  const taken = new LRUCache<string, Taken>({ max: takenMax });
  /** What the shared store said: it may come back empty while the process that took the sign-out is gone. */
  const heard = new LRUCache<string, readonly SignOutMark[]>({ max: heardMax });
  const isAlive = ({ expiresAtMs }: SignOutMark): boolean => expiresAtMs > Date.now();

  async function tell(one: Taken): Promise<void> {
    await shared.signOut(one.marks, one.subject);
    one.isTold = true;
    onDue();
  }

  async function hear(here: SignOutStore, token: SessionToken): Promise<void> {
    heard.set(token.digest, marksOf(token));
    await here.remember(marksOf(token));
  }

  return {
    has: async ({ token }) => {
      const digests = digestsOf(token);
      if ((await local?.has(digests)) === true) return true;
      try {
        const isSignedOut = await circuit(() => shared.has(digests));
        if (isSignedOut && local) await hear(local, token);
        return isSignedOut;
      } catch (error) {
        if (local && whenDown === 'local') return false;
        throw unavailable(error);
      }
    },
    add: async (session) => {
      const one = { marks: marksOf(session.token), subject: userSubject(session), isTold: false };
      await local?.remember(one.marks);
      if (local) taken.set(session.token.digest, one);
      await tell(one).catch((error: unknown) => {
        throw unavailable(error);
      });
    },
    record: (session, opened) => {
      const by = { digests: digestsOf(session.token), subject: userSubject(session) };
      circuit(() => shared.record(opened, by)).catch(() => undefined); // what is not noted ends by itself
    },
    retell: async () => {
      for (const one of [...taken.values()].filter(({ marks, isTold }) => !isTold && marks.some(isAlive))) {
        await tell(one);
      }
    },
    restore: async () => {
      const known = [...[...taken.values()].map(({ marks }) => marks), ...heard.values()];
      for (const marks of known) await shared.remember(marks.filter(isAlive));
    },
  };
}

/** The token's own mark first, then those that other tokens of its session have too. */
function marksOf({ digest, expiresAtMs, session }: SessionToken): readonly SignOutMark[] {
  const { digests = [], expiresAtMs: sharedUntilMs = 0 } = session ?? {};
  return [
    { digest, expiresAtMs },
    ...digests.map((shared) => ({ digest: shared, expiresAtMs: sharedUntilMs })),
  ];
}

function digestsOf(token: SessionToken): readonly string[] {
  return marksOf(token).map(({ digest }) => digest);
}

function unavailable(error: unknown): Refusal {
  return new Refusal('limits_unavailable', {
    reason: errorWord(error) ?? 'no answer',
    retryAfterMs: 1000,
  });
}
