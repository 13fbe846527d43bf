import type { OpenSession } from '../gateway/sign-out.ts';
import type { SignOutStore } from './store.ts';

const atOnce = 10;
const lookEveryMs = 2000;

export interface EndSessionsParts {
  readonly store: SignOutStore;
  /** Ends a session at its provider. @throws when that has to be tried again */
  readonly end: (session: OpenSession) => Promise<void>;
  /** Told when a provider begins to fail, with why, and when it works again: not of every attempt. */
  readonly observe: (provider: string, failure: { readonly error: unknown } | undefined) => void;
}

export interface EndSessions {
  /** Looks now, instead of within two seconds. */
  readonly look: () => void;
  readonly start: () => void;
  readonly stop: () => void;
}

/**
 * Ends sessions at providers, in the background, until it is done or they have expired: whichever
 * replica looks first. What a replica that was lost had begun another one does again.
 */
export function createEndSessions({ store, end, observe }: EndSessionsParts): EndSessions {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  const failing = new Set<string>();

  function note(provider: string, failure?: { readonly error: unknown }): void {
    if (failing.has(provider) === (failure !== undefined)) return;
    if (failure) failing.add(provider);
    else failing.delete(provider);
    observe(provider, failure);
  }

  async function endOne(session: OpenSession): Promise<void> {
    try {
      await end(session);
    } catch (error) {
      note(session.provider, { error });
      return;
    }
    note(session.provider);
    await store.done(session);
  }

  async function run(): Promise<void> {
    for (;;) {
      const due = await store.claim(atOnce);
      if (due.length === 0) return;
      await Promise.all(due.map(endOne));
    }
  }

  const look = (): void => {
    running ??= run()
      .catch(() => undefined) // the store is out of reach: readiness tells, and the next look tries again
      .finally(() => {
        running = undefined;
      });
  };

  return {
    look,
    start: () => {
      timer = setInterval(look, lookEveryMs).unref();
    },
    stop: () => {
      clearInterval(timer);
    },
  };
}
