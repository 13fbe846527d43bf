import { expect, it } from 'vitest';
import { openSandbox } from '../sandbox/support.ts';
import { configOver, getEmbedUrl, startGateway } from '../support/gateway.ts';
import { startRedis } from '../support/redis.ts';
import { onTestFinished } from 'vitest';

async function twoGateways(options: { more: string; hex?: string }) {
  const redis = await startRedis({ password: 'test-password' });
  onTestFinished(() => redis.stop());
  const sandbox = await openSandbox();
  const more = `redis: { url: "\${env:REDIS_URL}" }\n${options.more}`;
  const config = configOver(sandbox, { ...options, more });
  const env = { HEX_TOKEN: sandbox.hexToken, REDIS_URL: redis.url };
  const gateways = await Promise.all([startGateway(config, env), startGateway(config, env)]);
  return { sandbox, gateways, redis };
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
