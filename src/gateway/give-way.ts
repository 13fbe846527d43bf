import { setImmediate } from 'node:timers/promises';

const holdMsMax = 5;

/**
 * For a request that evaluates the expressions of many embeds: to be awaited between two of them, so that
 * others are served meanwhile. Costs nothing while the request has held the event loop for less than 5 ms.
 */
export function createGiveWay(): () => Promise<void> {
  let sinceMs = performance.now();
  return async () => {
    if (performance.now() - sinceMs < holdMsMax) return;
    await setImmediate();
    sinceMs = performance.now();
  };
}
