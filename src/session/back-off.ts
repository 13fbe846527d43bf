import { KeysUnavailable } from './key-server.ts';

const waitMsMin = 1000;
const waitMsMax = 30_000;

/** Runs a fetch, but not while the last one's failure is recent: tokens of strangers must not drive our calls. */
export interface BackOff {
  /**
   * @throws {KeysUnavailable} at once for 1 s after a failure, doubling to 30 s with each further one
   * @throws what the fetch throws
   */
  run<Fetched>(fetch: () => Promise<Fetched>): Promise<Fetched>;
  /** Lets the next run fetch; should that fail too, the wait goes on doubling. */
  permit(): void;
}

export function createBackOff(): BackOff {
  let waitMs = waitMsMin;
  let waitUntil = 0;
  let reason = '';
  return {
    run: async (fetch) => {
      if (performance.now() < waitUntil) throw new KeysUnavailable(`${reason}; not asked again yet`);
      try {
        const fetched = await fetch();
        waitMs = waitMsMin;
        return fetched;
      } catch (error) {
        reason = error instanceof KeysUnavailable ? error.message : 'failed';
        waitUntil = performance.now() + waitMs;
        waitMs = Math.min(2 * waitMs, waitMsMax);
        throw error;
      }
    },
    permit: () => {
      waitUntil = 0;
    },
  };
}
