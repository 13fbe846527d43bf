import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { setTimeout as wait } from 'node:timers/promises';
import { freePort } from './free-port.ts';
import { startRedis, type RunningRedis, type ServerTls } from './redis.ts';

const run = promisify(execFile);

export interface Topology {
  readonly servers: readonly RunningRedis[];
  /** The server that now holds what is stored under a key. */
  readonly masterOf: (key: string) => Promise<RunningRedis>;
  readonly stop: () => Promise<void>;
}

export interface TopologyOptions {
  /** Of every server; sentinels have their own. */
  readonly password?: string;
  readonly sentinelPassword?: string;
  readonly tls?: ServerTls;
  /** Lines of every server's configuration; sentinels have their own. */
  readonly config?: string;
  /** What the nodes of a Cluster call themselves, where it is not their address. */
  readonly hostname?: string;
  /** Of the sentinels, where it is another. */
  readonly sentinelTls?: ServerTls;
}

const stopAll = (servers: readonly RunningRedis[]) => async (): Promise<void> => {
  await Promise.all(servers.map((server) => server.stop()));
};

/** Replicas copy at once and are listed once they were pinged: by default after five and ten seconds. */
const replication = ['--repl-diskless-sync-delay', '0', '--repl-ping-replica-period', '1'];

/** Three masters with a replica each, which take over within about two seconds. */
export async function startCluster(options: TopologyOptions = {}): Promise<Topology> {
  const { password, tls, hostname } = options;
  const named = [
    '--cluster-announce-hostname',
    hostname ?? '',
    '--cluster-preferred-endpoint-type',
    'hostname',
  ];
  const servers = await Promise.all(
    Array.from({ length: 6 }, async () => {
      // the default, port + 10000, may lie beyond the last port
      const bus = String(await freePort());
      const cluster = ['--cluster-enabled', 'yes', '--cluster-port', bus, '--cluster-node-timeout', '1000'];
      const secure = tls ? ['--tls-cluster', 'yes', '--tls-replication', 'yes'] : [];
      const secrecy = password === undefined ? [] : ['--masterauth', password];
      const names = hostname === undefined ? [] : named;
      return startRedis({ ...options, args: [...cluster, ...replication, ...secure, ...secrecy, ...names] });
    }),
  );
  const nodes = servers.map(({ port }) => `127.0.0.1:${port}`);
  const access = [
    ...(password === undefined ? [] : ['--no-auth-warning', '-a', password]),
    ...(tls ? ['--tls', '--insecure'] : []),
  ];
  const create = ['--cluster', 'create', ...nodes, '--cluster-replicas', '1', '--cluster-yes'];
  await run('redis-cli', [...access, ...create]);
  // a replica that never had its master's data cannot take over from it
  await Promise.all(servers.map((server) => until(async () => isJoined(server))));
  return { servers, masterOf: (key) => ownerOf(key, servers), stop: stopAll(servers) };
}

async function isJoined(server: RunningRedis): Promise<boolean> {
  const slots = (await server.ask('CLUSTER', 'SLOTS')) as readonly unknown[][];
  const knowsAll = slots.length === 3 && slots.every((range) => range.length === 4);
  return (
    knowsAll && /role:master|master_link_status:up/.test(String(await server.ask('INFO', 'replication')))
  );
}

async function ownerOf(key: string, servers: readonly RunningRedis[]): Promise<RunningRedis> {
  for (const server of servers) {
    // a server says MOVED for what is not its own, and nothing while it is down
    const answer = await server.ask('TYPE', key).catch(() => undefined);
    const role = await server.ask('ROLE').catch(() => undefined);
    if (answer !== undefined && Array.isArray(role) && role[0] === 'master') return server;
  }
  throw new Error(`no server owns ${key}`);
}

/** A master, its replica, and three sentinels that watch them: `servers` in this order. */
export async function startSentinels(name: string, options: TopologyOptions = {}): Promise<Topology> {
  const { password, sentinelPassword, tls, sentinelTls = tls } = options;
  const secrecy = password === undefined ? [] : ['--masterauth', password];
  const args = [...replication, ...secrecy, ...(tls ? ['--tls-replication', 'yes'] : [])];
  const master = await startRedis({ ...options, args });
  const copies = ['--replicaof', '127.0.0.1', String(master.port)];
  const replica = await startRedis({ ...options, args: [...args, ...copies] });
  const config = [
    `sentinel monitor ${name} 127.0.0.1 ${master.port} 2`,
    `sentinel down-after-milliseconds ${name} 1000`,
    `sentinel failover-timeout ${name} 2000`,
    ...(password === undefined ? [] : [`sentinel auth-pass ${name} ${password}`]),
    ...(sentinelPassword === undefined ? [] : [`sentinel sentinel-pass ${sentinelPassword}`]),
    ...(tls ? ['tls-replication yes'] : []),
    '',
  ].join('\n');
  const sentinels = await Promise.all(
    [0, 1, 2].map(() =>
      startRedis({
        config,
        args: ['--sentinel'],
        ...(sentinelPassword !== undefined && { password: sentinelPassword }),
        ...(sentinelTls && { tls: sentinelTls }),
      }),
    ),
  );
  const servers = [master, replica, ...sentinels];
  const isWatched = async (sentinel: RunningRedis): Promise<boolean> => {
    const known = String(await sentinel.ask('INFO', 'sentinel'));
    return known.includes('status=ok') && known.includes('slaves=1,sentinels=3');
  };
  await Promise.all(sentinels.map((sentinel) => until(async () => isWatched(sentinel))));
  return { servers, masterOf: (key) => ownerOf(key, [master, replica]), stop: stopAll(servers) };
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await isSo().catch(() => false))) {
    if (Date.now() > deadline) throw new Error('the servers do not join');
    await wait(50);
  }
}
