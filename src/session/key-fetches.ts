import { KeysUnavailable } from './key-server.ts';
import type { KeySet } from './key-set.ts';

/** So a key that the issuer withdrew is refused this long after it did. Cache headers are not heeded. */
const refreshMs = 300_000;
/** An unknown kid may be a new key's, or anyone's invention: it fetches at most once in this time. */
const unknownKidMs = 30_000;
/** The wait after a failed fetch doubles with each further one; it is short while there is nothing to go on with. */
const waitWithoutKeys = { minMs: 1000, maxMs: 30_000 };
const waitWithKeys = { minMs: 10_000, maxMs: 300_000 };

export interface KeyFetchesOptions {
  /** @throws {KeysUnavailable} after some seconds at the latest */
  readonly fetchSet: () => Promise<KeySet>;
  /** How long fetched keys may be used. */
  readonly maxStaleMs: number;
  /** Told when other keys of the answer are ignored than before, each with its reason. */
  readonly onIgnored: (ignored: readonly string[]) => void;
}

/** When an issuer's key server is asked, and what came of it. There is one fetch at a time, for all; none rejects. */
export interface KeyFetches {
  /** The keys of the last good answer, unless it is too long ago. */
  readonly usable: () => KeySet | undefined;
  /** Why the last fetch failed; undefined when it did not. */
  readonly failure: () => string | undefined;
  /** Waits for a fetch that is under way. */
  readonly join: () => Promise<void>;
  readonly whenDue: () => Promise<void>;
  /** Fetches, unless another unknown kid did so lately. */
  readonly forUnknownKid: () => Promise<void>;
}

export function createKeyFetches({ fetchSet, maxStaleMs, onIgnored }: KeyFetchesOptions): KeyFetches {
  let held: { readonly set: KeySet; readonly askedAt: number } | undefined;
  let fetching: Promise<void> | undefined;
  let failure: string | undefined;
  let failures = 0;
  let dueAt = 0;
  let unknownKidAt = 0;
  let ignored = '';

  const usable = (): KeySet | undefined =>
    held && performance.now() - held.askedAt <= maxStaleMs ? held.set : undefined;

  const take = (set: KeySet, askedAt: number): void => {
    const told = set.ignored.join('\n');
    if (told !== '' && told !== ignored) onIgnored(set.ignored);
    ignored = told;
    // keys that are gone from the answer are withdrawn, be it all of them
    held = set.size > 0 ? { set, askedAt } : undefined;
    if (!held) throw new KeysUnavailable('the answer has no key that may be used');
  };

  const ask = async (): Promise<void> => {
    const askedAt = performance.now();
    try {
      take(await fetchSet(), askedAt);
      failure = undefined;
      failures = 0;
      dueAt = performance.now() + refreshMs;
    } catch (error) {
      failure = error instanceof KeysUnavailable ? error.message : 'failed';
      const { minMs, maxMs } = usable() ? waitWithKeys : waitWithoutKeys;
      dueAt = performance.now() + Math.min(minMs * 2 ** failures, maxMs);
      failures += 1;
    }
  };

  const fetch = async (): Promise<void> => {
    fetching ??= ask().finally(() => {
      fetching = undefined;
    });
    await fetching;
  };

  return {
    usable,
    failure: () => (held && !usable() ? `keys older than keys.maxStale; ${failure ?? 'due'}` : failure),
    join: async () => fetching,
    whenDue: async () => {
      if (fetching || performance.now() >= dueAt) await fetch();
    },
    forUnknownKid: async () => {
      if (performance.now() < unknownKidAt) return fetching;
      unknownKidAt = performance.now() + unknownKidMs;
      await fetch();
    },
  };
}
