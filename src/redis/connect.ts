import { Cluster, Redis, type RedisOptions } from 'ioredis';
import type { Config } from '../config/schema.ts';
import type { Secret } from '../config/secret.ts';

export type RedisConfig = NonNullable<Config['redis']>;
export type RedisClient = Redis | Cluster;

/** Longest wait for the answer to one command. */
export const commandTimeoutMs = 500;

/** Keys of one call must lie in one hash slot for a script to touch them together on a Cluster. */
export const keyPrefix = '{embed-gateway}';

/** A dead Redis must fail fast: ioredis's defaults hold a request for over eight seconds. */
const shared = {
  maxRetriesPerRequest: 1,
  enableOfflineQueue: false,
  commandTimeout: commandTimeoutMs,
  connectTimeout: 1000,
} satisfies RedisOptions;

const retryDelayMs = (attempt: number): number => Math.min(attempt * 100, 1000);

/** Connects in the background and goes on trying; commands fail while there is no connection. */
export function connectRedis({
  url,
  cluster,
  sentinel,
}: Pick<RedisConfig, 'url' | 'cluster' | 'sentinel'>): RedisClient {
  if (cluster) return connectCluster(cluster);
  if (sentinel) {
    const [first] = sentinel.urls;
    const { username, password, tls } = optionsOf(first);
    return new Redis({
      ...shared,
      name: sentinel.name,
      sentinels: sentinel.urls.map(addressOf),
      ...(password === undefined
        ? {}
        : { username, password, sentinelUsername: username, sentinelPassword: password }),
      ...(tls ? { tls, sentinelTLS: tls, enableTLSForSentinelMode: true } : {}),
      sentinelRetryStrategy: retryDelayMs,
      retryStrategy: retryDelayMs,
    });
  }
  return new Redis(url?.reveal() ?? '', { ...shared, retryStrategy: retryDelayMs });
}

function connectCluster(urls: readonly Secret[]): Cluster {
  return new Cluster(urls.map(addressOf), {
    enableOfflineQueue: false,
    clusterRetryStrategy: retryDelayMs,
    // a replica that took over is found by asking; a dead master sends no redirection
    slotsRefreshInterval: 1000,
    redisOptions: { ...shared, ...optionsOf(urls[0]) },
  });
}

function addressOf(url: Secret): { host: string; port: number } {
  const { hostname, port } = new URL(url.reveal());
  return { host: hostname, port: port === '' ? 6379 : Number(port) };
}

function optionsOf(url: Secret | undefined): Pick<RedisOptions, 'username' | 'password' | 'tls'> {
  const { protocol, username, password } = new URL(url?.reveal() ?? 'redis:');
  return {
    ...(username === '' ? {} : { username: decodeURIComponent(username) }),
    ...(password === '' ? {} : { password: decodeURIComponent(password) }),
    ...(protocol === 'rediss:' ? { tls: {} } : {}),
  };
}

/** Waits until the client can take commands. @returns false when it could not within the time */
export async function waitUntilReady(client: RedisClient, timeoutMs: number): Promise<boolean> {
  const until = Date.now() + timeoutMs;
  while (client.status !== 'ready' && Date.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return client.status === 'ready';
}
