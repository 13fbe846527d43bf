import { setTimeout as after } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { openSandbox } from '../sandbox/support.ts';
import { configOver, getEmbedUrl, startGateway, type RunningGateway } from '../support/gateway.ts';
import { startRedis } from '../support/redis.ts';

interface Options {
  readonly more: string;
  readonly hex?: string;
}

async function someGateways(count: number, options: Options) {
  const redis = await startRedis({ password: 'test-password' });
  onTestFinished(() => redis.stop());
  const sandbox = await openSandbox();
  const more = `redis: { url: "\${env:REDIS_URL}" }\n${options.more}`;
  const config = configOver(sandbox, { ...options, more });
  const env = { HEX_TOKEN: sandbox.hexToken, REDIS_URL: redis.url };
  const gateways = await Promise.all(Array.from({ length: count }, () => startGateway(config, env)));
  return { sandbox, gateways };
}

async function twoGateways(options: Options) {
  const { sandbox, gateways } = await someGateways(2, options);
  const [first, second] = gateways;
  if (!first || !second) throw new Error('two gateways');
  return { sandbox, gateways: [first, second] as const };
}

async function statuses(responses: readonly Promise<Response>[]): Promise<Readonly<Record<number, number>>> {
  const counts: Record<number, number> = {};
  for (const { status } of await Promise.all(responses)) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

it('50 at once through a tenant’s limit of 10 are exactly 10, over two processes and one Redis', async () => {
  const { sandbox, gateways } = await twoGateways({
    more: 'limits: { user: [{ max: 100, per: 1m }], tenant: [{ allow: [{ max: 10, per: 1m }] }] }',
    hex: 'budget: { max: 100, per: 1m }',
  });
  const tokens = await Promise.all(['ada', 'ben'].map((sub) => sandbox.signSession({ sub })));
  const asked = Array.from({ length: 50 }, (_, index) => {
    const [gateway, token] = [gateways[index % 2], tokens[(index >> 1) % 2]];
    if (!gateway || token === undefined) throw new Error('two of each');
    return getEmbedUrl(gateway, token);
  });
  expect(await statuses(asked)).toEqual({ 200: 10, 429: 40 });
  expect(sandbox.hexCalls).toHaveLength(10);
});

it('50 at once through a provider’s budget of 10 are exactly 10 calls, and the rest have spent nothing', async () => {
  const { sandbox, gateways } = await twoGateways({
    more: 'limits: { user: [{ max: 100, per: 1m }], tenant: [{ allow: [{ max: 1000, per: 1m }] }] }',
    hex: 'budget: { max: 10, per: 1m }\nqueue: { maxWait: 0ms }',
  });
  const token = await sandbox.signSession({ sub: 'ada' });
  const asked = Array.from({ length: 50 }, (_, index) => {
    const gateway = gateways[index % 2];
    if (!gateway) throw new Error('two gateways');
    return getEmbedUrl(gateway, token);
  });
  expect(await statuses(asked)).toEqual({ 200: 10, 503: 40 });
  expect(sandbox.hexCalls).toHaveLength(10);
  expect((await getEmbedUrl(gateways[0], token)).headers.get('ratelimit')).toMatch(
    /^"user";r=90;t=\d+, "tenant";r=990;t=\d+$/,
  );
});

it('a combination minted on one replica is warm on the other', async () => {
  const { sandbox, gateways } = await twoGateways({ more: '' });
  const warmth: unknown[] = [];
  for (const gateway of gateways) {
    const response = await getEmbedUrl(gateway, await sandbox.signSession({ sub: 'ada' }));
    const { combination } = (await response.json()) as { combination: { warm: boolean } };
    warmth.push(combination.warm);
  }
  expect(warmth).toEqual([false, true]);
});

interface Asked {
  readonly tenant: string;
  readonly gateway: RunningGateway;
  readonly token: string;
}

/** Asks until the time is up, one after the other. @returns the moments at which a URL was had */
async function keepAsking({ gateway, token }: Asked, untilMs: number): Promise<readonly number[]> {
  const served: number[] = [];
  while (Date.now() < untilMs) {
    const { status } = await getEmbedUrl(gateway, token);
    if (status === 200) served.push(Date.now());
    else expect([429, 503]).toContain(status);
    await after(20);
  }
  return served;
}

/** The most moments that any window of this length holds. */
function mostWithin(moments: readonly number[], perMs: number): number {
  return Math.max(
    ...moments.map((start) => moments.filter((at) => at >= start && at < start + perMs).length),
  );
}

it.each([2, 4])(
  '%i processes under load: no window sees more than the budget, nor a tenant more than its limit',
  async (processes) => {
    const { sandbox, gateways } = await someGateways(processes, {
      more: 'limits: { client: { max: 90000, per: 1m }, user: [{ max: 900, per: 1m }], tenant: [{ allow: [{ max: 6, per: 2s }] }] }',
      hex: 'budget: { max: 8, per: 1s }\nqueue: { maxWait: 3s }',
    });
    const tenants = ['acme', 'globex', 'initech'];
    const askers = await Promise.all(
      gateways.flatMap((gateway) =>
        tenants.map(async (tenant) => ({
          tenant,
          gateway,
          token: await sandbox.signSession({ sub: 'ada', org_id: tenant }),
        })),
      ),
    );
    const untilMs = Date.now() + 4000;
    const served = await Promise.all(
      askers.map(async (asker) => ({ ...asker, moments: await keepAsking(asker, untilMs) })),
    );
    expect(
      mostWithin(
        sandbox.hexCalls.map(({ at }) => at),
        1000,
      ),
    ).toBeLessThanOrEqual(8);
    for (const tenant of tenants) {
      const moments = served.filter((one) => one.tenant === tenant).flatMap((one) => one.moments);
      expect(moments.length).toBeGreaterThanOrEqual(6);
      // a URL is had a moment after it was granted
      expect(mostWithin(moments, 1500)).toBeLessThanOrEqual(6);
    }
    expect(sandbox.hexCalls).toHaveLength(served.flatMap(({ moments }) => moments).length);
  },
);
