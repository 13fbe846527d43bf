import type { Logger } from 'pino';
import type { Metrics } from './metrics.ts';

/** Something the gateway needs, as `/readyz` names it. */
export interface Dependency {
  readonly name: string;
  readonly isUp: () => boolean;
  /**
   * Dependencies of one group stand in for each other: the gateway can serve nobody once all of a group
   * are down. Without a group it serves on, worse.
   */
  readonly group?: string;
  /** What happens while it is down, for people. */
  readonly whenDown: string;
  /** Why it is down, as far as is known: a code or a few words, never an address or a secret. */
  readonly reason?: () => string | undefined;
}

interface DependencyState {
  readonly up: boolean;
  /** What happens while it is down. */
  readonly note?: string;
  readonly reason?: string | undefined;
}

export interface Readiness {
  readonly status: 'ready' | 'degraded' | 'not_ready';
  readonly dependencies: Readonly<Record<string, DependencyState>>;
}

export interface Health {
  readonly readiness: () => Readiness;
  /** Logs each dependency that went down or came back since the last look: one line each. */
  readonly look: () => void;
}

export function createHealth(
  dependencies: readonly Dependency[],
  { log, metrics }: { readonly log: Logger; readonly metrics: Metrics },
): Health {
  const loggedDown = new Set<string>();
  const observe = (): readonly Observed[] => {
    const observed = dependencies.map((dependency) => ({ ...dependency, up: dependency.isUp() }));
    for (const { name, up } of observed) metrics.dependencyUp.set({ dependency: name }, up ? 1 : 0);
    return observed;
  };
  return {
    readiness: () => toReadiness(observe()),
    look: () => {
      for (const { name, up, whenDown, reason } of observe()) {
        if (up && loggedDown.delete(name)) log.info({ dependency: name }, 'a dependency is back');
        if (up || loggedDown.has(name)) continue;
        loggedDown.add(name);
        log.warn({ dependency: name, whenDown, reason: reason?.() }, 'a dependency is down');
      }
    },
  };
}

interface Observed extends Dependency {
  readonly up: boolean;
}

function toReadiness(observed: readonly Observed[]): Readiness {
  const groups = new Set(observed.flatMap(({ group }) => group ?? []));
  const isServed = (group: string): boolean => observed.some((one) => one.group === group && one.up);
  const status = observed.every(({ up }) => up) ? 'ready' : 'degraded';
  return {
    status: [...groups].every(isServed) ? status : 'not_ready',
    dependencies: Object.fromEntries(
      observed.map(({ name, up, whenDown, reason }) => [
        name,
        up ? { up } : { up, note: whenDown, reason: reason?.() },
      ]),
    ),
  };
}
