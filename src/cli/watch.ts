import type { Logger } from 'pino';
import type { Config } from '../config/schema.ts';
import { createHealth, type Health } from '../operations/health.ts';
import type { Metrics } from '../operations/metrics.ts';
import type { Provider } from '../providers/provider.ts';
import type { RedisClient } from '../redis/connect.ts';
import type { Issuer } from '../session/verify.ts';
import { issuerDependency, providerDependency, redisDependency } from './dependencies.ts';
import { createRedisHealth } from './redis-health.ts';
import { createWarmUp } from './warm-up.ts';

const lookEveryMs = 1000;
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

/** Keeps an eye on all that the gateway needs, so that it recovers and says so without any traffic. */
export function createWatch(
  { config, redis, issuers, providers }: Watched,
  observers: { readonly log: Logger; readonly metrics: Metrics },
): Watch {
  const redisHealth = redis && createRedisHealth(redis);
  const warmed = issuers.map((issuer) => ({ issuer, warmUp: createWarmUp(issuer.keys) }));
  const health = createHealth(
    [
      ...(redisHealth ? [redisDependency(config, redisHealth)] : []),
      ...warmed.map(({ issuer, warmUp }) => issuerDependency(issuer, warmUp)),
      ...[...providers].map(([name, provider]) => providerDependency(name, provider)),
    ],
    observers,
  );
  let timer: NodeJS.Timeout | undefined;
  return {
    ...health,
    start: () => {
      const quietUntil = performance.now() + graceMs;
      for (const { warmUp } of warmed) warmUp.start();
      timer = setInterval(() => {
        void redisHealth?.probe();
        if (performance.now() >= quietUntil) health.look();
      }, lookEveryMs).unref();
    },
    stop: () => {
      clearInterval(timer);
      for (const { warmUp } of warmed) warmUp.stop();
    },
  };
}
