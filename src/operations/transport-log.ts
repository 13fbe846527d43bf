import type { Logger } from 'pino';
import type { Problem } from '../http/problem.ts';
import type { Metrics } from './metrics.ts';

export type ListenerName = 'public' | 'operations';

/** Lines that one kind of refusal may write in a window; what is left out is counted in one line at its end. */
const linesMax = 50;
const windowMs = 10_000;

/**
 * Counts each refusal of the transport, and writes a line for the first of each kind: anybody may cause
 * them, as fast as they like.
 */
export function createTransportLog(log: Logger, metrics: Metrics) {
  const windows = new Map<string, { lines: number; suppressed: number; readonly endsAtMs: number }>();

  const openWindow = (kind: string): { lines: number; suppressed: number; readonly endsAtMs: number } => {
    const known = windows.get(kind);
    if (known && performance.now() < known.endsAtMs) return known;
    const opened = { lines: 0, suppressed: 0, endsAtMs: performance.now() + windowMs };
    windows.set(kind, opened);
    return opened;
  };

  return (listener: ListenerName) =>
    ({ requestId, status, code = '' }: Problem): void => {
      metrics.transportRefusals.inc({ listener, code });
      const window = openWindow(`${listener} ${code}`);
      if (window.lines < linesMax) {
        window.lines += 1;
        log.info({ listener, requestId, status, code }, 'a problem of the transport');
        return;
      }
      window.suppressed += 1;
      if (window.suppressed > 1) return;
      setTimeout(() => {
        log.warn({ listener, status, code, suppressed: window.suppressed }, 'lines of refusals suppressed');
      }, window.endsAtMs - performance.now()).unref();
    };
}
