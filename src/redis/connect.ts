import { Cluster, Redis, type RedisOptions } from 'ioredis';
import type { Config } from '../config/schema.ts';
import type { Secret } from '../config/secret.ts';
import { addressOf, optionsOf } from './server-options.ts';
import './socket-errors.ts';

type RedisConfig = NonNullable<Config['redis']>;
export type RedisClient = Redis | Cluster;
type Servers = Pick<RedisConfig, 'url' | 'cluster' | 'sentinel' | 'ca'>;

/** Longest wait for the answer to one command. */
const commandTimeoutMs = 500;

/** Keys of one call must lie in one hash slot for a script to touch them together on a Cluster. */
export const keyPrefix = '{embed-gateway}';

/**
 * A command is sent once and fails fast: ioredis's defaults hold a request for over eight seconds, and
 * send a script again that may have run already.
 */
const shared = {
  maxRetriesPerRequest: 0,
  enableOfflineQueue: false,
  commandTimeout: commandTimeoutMs,
  connectTimeout: 1000,
  disconnectTimeout: commandTimeoutMs,
  // a server that hangs, or that the network swallowed, keeps its connection open for many minutes
  socketTimeout: 4 * commandTimeoutMs,
  // a master that became a replica behind the same name
  reconnectOnError: ({ message }: Error) => message.startsWith('READONLY'),
  disableClientInfo: true,
} satisfies RedisOptions;

const retryDelayMs = (attempt: number): number => Math.min(attempt * 100, 1000);

/** Connects in the background and goes on trying; commands fail while there is no connection. */
export function connectRedis({ url, cluster, sentinel, ca }: Servers): RedisClient {
  if (cluster) return connectCluster(cluster, ca);
  if (sentinel) return connectThroughSentinels(sentinel, ca);
  if (!url) throw new TypeError('no Redis is named'); // the loader has checked it
  return new Redis({ ...shared, ...addressOf(url), ...optionsOf(url, ca), retryStrategy: retryDelayMs });
}

function connectThroughSentinels(
  { name, urls, ...master }: NonNullable<RedisConfig['sentinel']>,
  ca: string | undefined,
): Redis {
  const { username, password, db, tls } = optionsOf(first(urls), ca);
  const own = master.password && { username: master.username, password: master.password.reveal() };
  return new Redis({
    ...shared,
    name,
    db,
    sentinels: urls.map((url) => addressOf(url, 26_379)),
    sentinelUsername: username,
    sentinelPassword: password,
    ...(own ?? { username, password }),
    ...(tls ? { tls, sentinelTLS: tls, enableTLSForSentinelMode: true } : {}),
    sentinelCommandTimeout: commandTimeoutMs,
    sentinelRetryStrategy: retryDelayMs,
    retryStrategy: retryDelayMs,
  });
}

function connectCluster(urls: readonly Secret[], ca: string | undefined): Cluster {
  const cluster = new Cluster(
    urls.map((url) => addressOf(url)),
    {
      enableOfflineQueue: false,
      clusterRetryStrategy: retryDelayMs,
      // what failed may have run; and a command that waits here is under no time-out
      retryDelayOnFailover: 0,
      retryDelayOnClusterDown: 0,
      slotsRefreshTimeout: commandTimeoutMs,
      // names are kept, since a certificate is checked against the name
      dnsLookup: (host, found) => {
        found(null, host);
      },
      redisOptions: { ...shared, ...optionsOf(first(urls), ca) },
    },
  );
  const connectAll = (): void => {
    if (cluster.status !== 'ready') return;
    for (const node of cluster.nodes()) if (node.status === 'wait') node.connect().catch(() => undefined);
  };
  // else the first command to a node would wait for its connection, and those beside it would fail
  cluster.on('ready', connectAll).on('refresh', connectAll);
  return cluster;
}

function first(urls: readonly Secret[]): Secret {
  const [url] = urls;
  if (!url) throw new TypeError('no server is named'); // the loader has checked it
  return url;
}

/** Waits until a command is answered for our keys. @returns false when none was within the time */
export async function waitUntilReady(client: RedisClient, timeoutMs: number): Promise<boolean> {
  const until = Date.now() + timeoutMs;
  for (;;) {
    const answer = await client.exists(`${keyPrefix}:ready`).catch(() => undefined);
    if (answer !== undefined || Date.now() >= until) return answer !== undefined;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/**
 * Calls back whenever a server begins to answer for our keys. It may know less than was counted: it was
 * started anew, or is a replica that took over before all had reached it.
 */
export function onServer(client: RedisClient, begins: () => void): void {
  if (client instanceof Redis) {
    client.on('ready', begins);
    return;
  }
  client.on('+node', (node: Redis) => node.on('ready', begins));
  let masters = '';
  client.on('refresh', () => {
    const before = masters;
    masters = client
      .nodes('master')
      .map(({ options }) => `${options.host}:${options.port}`)
      .toSorted()
      .join();
    if (before !== masters) begins();
  });
}
