import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createCombinations } from '../../src/combinations/combinations.ts';
import { Secret } from '../../src/config/secret.ts';
import { combinationKey, type CombinationMint } from '../../src/gateway/combination.ts';
import { tenantSubject } from '../../src/gateway/limits.ts';
import { connectRedis, waitUntilReady, type RedisClient } from '../../src/redis/connect.ts';
import { poisons } from '../support/redis-poison.ts';
import { startRedis, type RunningRedis } from '../support/redis.ts';

let redis: RunningRedis;
const clients: RedisClient[] = [];

beforeAll(async () => {
  redis = await startRedis();
});

afterAll(async () => {
  for (const client of clients) client.disconnect();
  await redis.stop();
});

async function connect(url = redis.url): Promise<RedisClient> {
  const client = connectRedis({ url: new Secret(url) });
  client.on('error', () => undefined);
  clients.push(client);
  await waitUntilReady(client, 5000);
  return client;
}

let numbers = 0;
function mint(fields: Partial<CombinationMint> = {}): CombinationMint {
  numbers += 1;
  const attributes = new Map([
    ['orgId', 'acme-secret-name'],
    ['number', String(numbers)],
  ]);
  const key = combinationKey({ name: 'sales', combination: ['orgId', 'number'] }, attributes);
  const tenant = tenantSubject({ issuer: 'x', tenant: 'acme-secret-name', user: 'ada', claims: new Map() });
  return { key, embed: 'sales', tenant, freshnessMs: 60_000, ...fields };
}

test('a combination is cold until it was minted, then warm, and others stay cold', async () => {
  for (const combinations of [createCombinations(), createCombinations(await connect())]) {
    const [one, other] = [mint(), mint()];
    expect(await combinations.isWarm(one.key)).toBe(false);
    combinations.record(one);
    expect(await combinations.isWarm(one.key)).toBe(true);
    expect(await combinations.isWarm(other.key)).toBe(false);
  }
});

test('a combination minted on one replica is warm on another through Redis, and only through Redis', async () => {
  const [one, other, alone] = [
    createCombinations(await connect()),
    createCombinations(await connect()),
    createCombinations(),
  ];
  const minted = mint();
  one.record(minted);
  await expect.poll(() => other.isWarm(minted.key)).toBe(true);
  expect(await alone.isWarm(minted.key)).toBe(false);
});

test('a combination is cold again once its freshness has passed since its last mint', async () => {
  const client = await connect();
  const [one, other, alone] = [
    createCombinations(client),
    createCombinations(await connect()),
    createCombinations(),
  ];
  const minted = mint({ freshnessMs: 3000 });
  for (const combinations of [one, alone]) combinations.record(minted);
  await sleep(1800);
  for (const combinations of [one, alone]) combinations.record(minted);
  await sleep(1800);
  // 3.6 s after the first mint, 1.8 s after the last
  for (const combinations of [one, other, alone]) expect(await combinations.isWarm(minted.key)).toBe(true);
  for (const combinations of [one, other, alone]) {
    await expect.poll(() => combinations.isWarm(minted.key), { timeout: 10_000 }).toBe(false);
  }
  expect((await client.keys('*')).filter((key) => key.includes(minted.key))).toEqual([]);
});

test('Redis holds first and last mint, count and hashed tenants, and no attribute', async () => {
  const client = await connect();
  const combinations = createCombinations(client);
  const minted = mint();
  const before = Date.now();
  combinations.record(minted);
  const key = `{embed-gateway}:combination:${minted.key}`;
  await expect.poll(() => client.hget(key, 'count')).toBe('1');
  await sleep(5);
  combinations.record(minted);
  combinations.record({ ...minted, tenant: 'b'.repeat(43) });
  await expect.poll(() => client.hget(key, 'count')).toBe('3');

  const { first, last, ...rest } = await client.hgetall(key);
  expect(rest).toEqual({ count: '3', embed: 'sales' });
  expect(Number(first)).toBeGreaterThanOrEqual(before - 1);
  expect(Number(last)).toBeGreaterThan(Number(first));
  expect(Number(last)).toBeLessThanOrEqual(Date.now() + 1);
  const tenants = await client.smembers(`{embed-gateway}:combination-tenants:${minted.key}`);
  expect(tenants.toSorted()).toEqual([minted.tenant, 'b'.repeat(43)].toSorted());
  expect(minted.tenant).toMatch(/^[\w-]{43}$/);

  const all = JSON.stringify([await client.keys('*'), first, last, rest, tenants]);
  expect(all).not.toContain('acme');
});

test.each(poisons)(
  '$name where a combination is kept: it is counted on, and nothing is warm for ever',
  async ({ write }) => {
    const client = await connect();
    const combinations = createCombinations(client);
    const minted = mint();
    const key = `{embed-gateway}:combination:${minted.key}`;
    for (const one of [key, `{embed-gateway}:combination-tenants:${minted.key}`]) await write(client, one);
    if ((await client.exists(key)) === 1)
      expect(await createCombinations(client).isWarm(minted.key)).toBe(false);
    combinations.record(minted);
    await expect.poll(() => client.hget(key, 'embed').catch(() => undefined)).toBe('sales');
    expect(Number(await client.hget(key, 'count'))).toBeGreaterThan(0);
    expect(Number(await client.hget(key, 'first'))).toBeLessThanOrEqual(Date.now() + 1);
    for (const one of [key, `{embed-gateway}:combination-tenants:${minted.key}`]) await write(client, one);
    combinations.record(minted);
    await expect.poll(() => client.pttl(key)).toBeGreaterThan(0);
    expect(await createCombinations(client).isWarm(minted.key)).toBe(true);
  },
);

test('both keys of a combination expire, and its tenants are counted up to a hundred', async () => {
  const client = await connect();
  const combinations = createCombinations(client);
  const minted = mint();
  for (let tenant = 0; tenant < 150; tenant += 1)
    combinations.record({ ...minted, tenant: `tenant-${tenant}` });
  const keys = [
    `{embed-gateway}:combination:${minted.key}`,
    `{embed-gateway}:combination-tenants:${minted.key}`,
  ] as const;
  await expect.poll(() => client.hget(keys[0], 'count')).toBe('150');
  expect(await client.scard(keys[1])).toBe(100);
  for (const key of keys) {
    expect(await client.pttl(key)).toBeGreaterThan(55_000);
    expect(await client.pttl(key)).toBeLessThanOrEqual(60_000);
  }
});

test('with Redis away a combination is cold, recording goes on, and nothing throws or waits long', async () => {
  const own = await startRedis();
  const combinations = createCombinations(await connect(own.url));
  const [known, unknown] = [mint(), mint()];
  combinations.record(known);
  await own.kill();
  const startedAt = performance.now();
  expect(await combinations.isWarm(unknown.key)).toBe(false);
  combinations.record(unknown);
  expect(await combinations.isWarm(unknown.key)).toBe(true);
  expect(await combinations.isWarm(known.key)).toBe(true);
  expect(performance.now() - startedAt).toBeLessThan(1500);
  await own.stop();
});

test('a Redis that was never there is no fault either', async () => {
  const own = await startRedis();
  await own.stop();
  const client = connectRedis({ url: new Secret(own.url) });
  client.on('error', () => undefined);
  clients.push(client);
  const combinations = createCombinations(client);
  expect(await combinations.isWarm(mint().key)).toBe(false);
  combinations.record(mint());
});

test('the process remembers the ten thousand combinations minted last, and no more', async () => {
  const combinations = createCombinations();
  const mints = Array.from({ length: 10_001 }, () => mint());
  for (const one of mints) combinations.record(one);
  const warm = await Promise.all(mints.map(({ key }) => combinations.isWarm(key)));
  expect(warm.indexOf(true)).toBe(1);
  expect(warm.filter(Boolean)).toHaveLength(10_000);
});
