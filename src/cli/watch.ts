import type { Logger } from 'pino';
import type { Config } from '../config/schema.ts';
import { createHealth, type Health } from '../operations/health.ts';
import type { Metrics } from '../operations/metrics.ts';
import type { Provider } from '../providers/provider.ts';
import type { RedisClient } from '../redis/connect.ts';
import type { Issuer } from '../session/verify.ts';
import { issuerDependencies, providerDependency, redisDependency, sealedDependency } from './dependencies.ts';
import { createRedisHealth } from './redis-health.ts';

const lookEveryMs = 1000;
/** Often enough that a second's wait after a failed fetch is no two. */
const refreshEveryMs = 250;
/** What is down this long after the start is worth a line; before, it may be starting too. */
const graceMs = 2000;

export interface Watch extends Health {
  readonly start: () => void;
  readonly stop: () => void;
}

export interface Watched {
  readonly config: Config;
  readonly redis: RedisClient | undefined;
  readonly issuers: readonly Issuer[];
  readonly providers: ReadonlyMap<string, Provider>;
}

/** Keeps an eye on all that the gateway needs, and its keys fresh, so that it recovers and says so without any traffic. */
export function createWatch(
  { config, redis, issuers, providers }: Watched,
  observers: { readonly log: Logger; readonly metrics: Metrics },
): Watch {
  const redisHealth = redis && createRedisHealth(redis);
  const health = createHealth(
    [
      ...(redisHealth ? [redisDependency(config, redisHealth)] : []),
      ...issuers.flatMap(issuerDependencies),
      ...config.sessions.filter(({ keys }) => keys.sealed).map(sealedDependency),
      ...[...providers].map(([name, provider]) => providerDependency(name, provider)),
    ],
    observers,
  );
  const refreshKeys = (): void => {
    for (const { keys } of issuers) void keys.refreshWhenDue();
  };
  let timers: readonly NodeJS.Timeout[] = [];
  return {
    ...health,
    start: () => {
      const quietUntil = performance.now() + graceMs;
      refreshKeys();
      const look = (): void => {
        void redisHealth?.probe();
        if (performance.now() >= quietUntil) health.look();
      };
      timers = [setInterval(refreshKeys, refreshEveryMs).unref(), setInterval(look, lookEveryMs).unref()];
    },
    stop: () => {
      for (const timer of timers) clearInterval(timer);
    },
  };
}
