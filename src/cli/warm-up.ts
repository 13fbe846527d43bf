import type { Keys } from '../session/keys.ts';

const retryMsMin = 1000;
const retryMsMax = 30_000;

export interface WarmUp {
  /** Why the keys could not be fetched the last time. */
  readonly reason: () => string | undefined;
  readonly start: () => void;
  readonly stop: () => void;
}

/**
 * Fetches an issuer's keys ahead of requests, again and again until it has them: a replica that is not
 * ready is sent no request that would fetch them.
 */
export function createWarmUp(keys: Keys): WarmUp {
  let reason: string | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  const attempt = async (retryMs: number): Promise<void> => {
    if (keys.isReady()) return;
    try {
      await keys.warmUp();
    } catch (error) {
      reason = error instanceof Error ? error.message : 'unknown';
      if (isStopped) return;
      timer = setTimeout(() => void attempt(Math.min(2 * retryMs, retryMsMax)), retryMs).unref();
    }
  };
  return {
    reason: () => reason,
    start: () => void attempt(retryMsMin),
    stop: () => {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
