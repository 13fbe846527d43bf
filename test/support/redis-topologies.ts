import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { freePort } from './free-port.ts';
import { startRedis, type RunningRedis } from './redis.ts';

const run = promisify(execFile);

export interface Topology {
  readonly servers: readonly RunningRedis[];
  readonly stop: () => Promise<void>;
}

const stopAll = (servers: readonly RunningRedis[]) => async (): Promise<void> => {
  await Promise.all(servers.map((server) => server.stop()));
};

/** Three masters with a replica each, which take over within about a second. */
export async function startCluster(): Promise<Topology> {
  const servers = await Promise.all(
    Array.from({ length: 6 }, async () => {
      // the default, port + 10000, may lie beyond the last port
      const bus = String(await freePort());
      const args = ['--cluster-enabled', 'yes', '--cluster-port', bus, '--cluster-node-timeout', '700'];
      return startRedis({ args });
    }),
  );
  const nodes = servers.map(({ port }) => `127.0.0.1:${port}`);
  await run('redis-cli', ['--cluster', 'create', ...nodes, '--cluster-replicas', '1', '--cluster-yes']);
  return { servers, stop: stopAll(servers) };
}

/** A master, its replica, and three sentinels that watch them: `servers` in this order. */
export async function startSentinels(name: string): Promise<Topology> {
  const master = await startRedis();
  const replica = await startRedis({ args: ['--replicaof', '127.0.0.1', String(master.port)] });
  const config = [
    `sentinel monitor ${name} 127.0.0.1 ${master.port} 2`,
    `sentinel down-after-milliseconds ${name} 500`,
    `sentinel failover-timeout ${name} 2000`,
    '',
  ].join('\n');
  const sentinels = await Promise.all([0, 1, 2].map(() => startRedis({ config, args: ['--sentinel'] })));
  const servers = [master, replica, ...sentinels];
  return { servers, stop: stopAll(servers) };
}
