import { setTimeout as after } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openSandbox } from '../sandbox/support.ts';
import { configOver, getEmbedUrl, startGateway, type RunningGateway } from '../support/gateway.ts';
import { startCluster, startSentinels, type Topology } from '../support/redis-topologies.ts';

const key = '{embed-gateway}';
/** Whether the token was signed out and whether it may mint: two time-outs of Redis, and a second. */
const answerMsMax = 2 * 500 + 1000;

interface Answered {
  readonly status: number;
  readonly code: string | undefined;
  readonly tookMs: number;
}

/** Asks again and again, three at a time, until it is told to end. */
function keepAsking(gateway: RunningGateway, token: string): () => Promise<readonly Answered[]> {
  const answered: Answered[] = [];
  let isEnding = false;
  const ask = async (): Promise<void> => {
    while (!isEnding) {
      const startedAt = performance.now();
      const response = await getEmbedUrl(gateway, token);
      const { code } = (await response.json()) as { code?: string };
      answered.push({ status: response.status, code, tookMs: performance.now() - startedAt });
      await after(30);
    }
  };
  const asking = Promise.all([ask(), ask(), ask()]);
  asking.catch(() => undefined); // told to whoever ends it
  onTestFinished(() => {
    isEnding = true;
  });
  return async () => {
    isEnding = true;
    await asking;
    return answered;
  };
}

async function redisOf(gateway: RunningGateway): Promise<{ status: number; isUp: boolean }> {
  const response = await fetch(`${gateway.operationsUrl}/readyz`);
  const body = (await response.json()) as { dependencies: { redis: { up: boolean } } };
  return { status: response.status, isUp: body.dependencies.redis.up };
}

/** What is left of the tenant's window. */
async function remaining(gateway: RunningGateway, token: string): Promise<number> {
  const limit = (await getEmbedUrl(gateway, token)).headers.get('ratelimit') ?? '';
  return Number(/"tenant";r=(\d+)/.exec(limit)?.[1]);
}

function linesAbout(gateway: RunningGateway, msg: string): number {
  return gateway.lines().filter((line) => line.msg === msg && line.dependency === 'redis').length;
}

const topologies = [
  {
    name: 'a Cluster',
    start: async () => startCluster(),
    config: ({ servers }: Topology) => `cluster: ["${servers.map(({ url }) => url).join('", "')}"]`,
  },
  {
    name: 'sentinels',
    start: async () => startSentinels('main'),
    config: ({ servers }: Topology) =>
      `sentinel: { name: main, urls: ["${servers
        .slice(2)
        .map(({ url }) => url)
        .join('", "')}"] }`,
  },
];

describe.each(topologies)('the master of $name', ({ start, config }) => {
  it.each([
    { how: 'dies', signal: 'SIGKILL' },
    { how: 'hangs, and wakes as a replica', signal: 'SIGSTOP' },
  ] as const)(
    '$how: every request is answered in time by whenDown, then limits are shared again',
    async ({ signal }) => {
      const topology = await start();
      onTestFinished(topology.stop);
      const sandbox = await openSandbox({ callsPerMinute: 100_000 });
      const wide = '{ max: 90000, per: 1h }';
      const limits = `limits: { client: ${wide}, user: [${wide}], tenant: [{ allow: [${wide}] }] }`;
      const begin = async (whenDown: string): Promise<RunningGateway> =>
        startGateway(
          configOver(sandbox, {
            hex: 'budget: { max: 90000, per: 1m }',
            more: `redis: { ${config(topology)}, whenDown: ${whenDown} }\n${limits}`,
          }),
          { HEX_TOKEN: sandbox.hexToken },
        );
      const [local, refusing] = await Promise.all([begin('local'), begin('refuse')]);
      const gateways = [local, refusing];
      const token = await sandbox.signSession({ sub: 'ada' });
      const before = await remaining(local, token);
      expect(await remaining(refusing, token)).toBe(before - 1);

      const ends = gateways.map((gateway) => keepAsking(gateway, token));
      await after(300);
      const master = await topology.masterOf(key);
      process.kill(master.pid, signal);
      await expect.poll(() => redisOf(refusing), { timeout: 5000 }).toEqual({ status: 503, isUp: false });
      for (const gateway of gateways) {
        await expect.poll(() => redisOf(gateway), { timeout: 15_000 }).toEqual({ status: 200, isUp: true });
      }
      await after(300);
      const next = await topology.masterOf(key);
      if (signal === 'SIGSTOP') process.kill(master.pid, 'SIGCONT');
      const [byLocal = [], byRefusing = []] = await Promise.all(ends.map(async (end) => end()));
      const slowest = Math.max(...[...byLocal, ...byRefusing].map(({ tookMs }) => tookMs));

      expect(new Set(byLocal.map(({ status }) => status))).toEqual(new Set([200]));
      expect(new Set(byRefusing.map(({ code }) => code))).toEqual(new Set([undefined, 'limits_unavailable']));
      expect(slowest).toBeLessThan(answerMsMax);

      // one window again for both; a gateway that has just lost Redis asks it again within a second
      await expect
        .poll(async () => (await remaining(local, token)) - (await remaining(refusing, token)), {
          timeout: 5000,
        })
        .toBe(1);
      expect(await remaining(local, token)).toBeLessThan(before - 10);
      // the new master knows of every call, those too that were granted while there was none
      await expect
        .poll(() => next.ask('ZCARD', `${key}:slots:hex`), { timeout: 5000 })
        .toBeGreaterThanOrEqual(sandbox.hexCalls.length);
      for (const gateway of gateways) {
        // nothing is said of what was down within two seconds of the start
        const said = linesAbout(gateway, 'a dependency is down');
        expect(said).toBeLessThanOrEqual(1);
        await expect.poll(() => linesAbout(gateway, 'a dependency is back'), { timeout: 5000 }).toBe(said);
      }
    },
    60_000,
  );
});
