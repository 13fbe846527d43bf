import type { Logger } from 'pino';
import type { Metrics } from './metrics.ts';

/** Something the gateway needs, as `/readyz` names it. */
export interface Dependency {
  readonly name: string;
  readonly isUp: () => boolean;
  /** True when the gateway can serve nobody without it; else it serves on, worse. */
  readonly isRequired: boolean;
  /** What happens while it is down, for people. */
  readonly whenDown: string;
}

export interface Readiness {
  readonly status: 'ready' | 'degraded' | 'not_ready';
  readonly dependencies: Readonly<Record<string, { readonly up: boolean; readonly note?: string }>>;
}

/** Looks at every dependency. One that changed since the last look gets one log line. */
export function createReadiness(
  dependencies: readonly Dependency[],
  { log, metrics }: { readonly log: Logger; readonly metrics: Metrics },
): () => Readiness {
  const last = new Map<string, boolean>();
  return () => {
    const looked = dependencies.map((dependency) => ({ ...dependency, up: dependency.isUp() }));
    for (const { name, up, whenDown } of looked) {
      metrics.dependencyUp.set({ dependency: name }, up ? 1 : 0);
      if (last.has(name) && last.get(name) !== up) {
        if (up) log.info({ dependency: name }, 'a dependency is back');
        else log.warn({ dependency: name, whenDown }, 'a dependency is down');
      }
      last.set(name, up);
    }
    const down = looked.filter(({ up }) => !up);
    const isReady = !down.some(({ isRequired }) => isRequired);
    const status = down.length === 0 ? 'ready' : 'degraded';
    return {
      status: isReady ? status : 'not_ready',
      dependencies: Object.fromEntries(
        looked.map(({ name, up, whenDown }) => [name, up ? { up } : { up, note: whenDown }]),
      ),
    };
  };
}
