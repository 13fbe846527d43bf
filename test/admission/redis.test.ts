import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { createRedisStore } from '../../src/admission/redis.ts';
import { leaseMs, type Decision, type Store, type Waiting } from '../../src/admission/store.ts';
import { Secret } from '../../src/config/secret.ts';
import { connectRedis, waitUntilReady, type RedisClient } from '../../src/redis/connect.ts';
import { startRedis, type RunningRedis } from '../support/redis.ts';
import { queueSuite } from './queue-suite.ts';
import { admissionSuite, type StoreUnderTest } from './suite.ts';
import { asker, count, policy, unique, wide } from './support.ts';

let redis: RunningRedis;
let client: RedisClient;
let store: Store;

beforeAll(async () => {
  redis = await startRedis();
  client = connect();
  expect(await waitUntilReady(client, 5000)).toBe(true);
  store = createRedisStore(client);
});

afterAll(async () => {
  client.disconnect();
  await redis.stop();
});

function connect(): RedisClient {
  const connected = connectRedis({ url: new Secret(redis.url) });
  connected.on('error', () => undefined);
  return connected;
}

const underTest = (): StoreUnderTest => ({
  store,
  now,
  // Redis owns the clock
  waitUntil: async (ms) => {
    await sleep(Math.max(0, Math.ceil(ms - (await now()))));
  },
});

admissionSuite('Redis', underTest);
queueSuite('Redis', underTest);

async function now(): Promise<number> {
  const [seconds, microseconds] = z.tuple([z.coerce.number(), z.coerce.number()]).parse(await client.time());
  return seconds * 1000 + microseconds / 1000;
}

async function keys(): Promise<readonly string[]> {
  return z.array(z.string()).parse(await client.keys('*'));
}

test('the keys of all calls lie in one hash slot and name nobody', async () => {
  await asker(store).decide([policy(), policy({ perMs: 1000 })]);
  const found = await keys();
  expect(found.length).toBeGreaterThan(2);
  for (const key of found)
    expect(key).toMatch(
      /^\{embed-gateway\}:(window:\d+|slots|queue|leases|places|clock|pace|heeded|absent):/,
    );
});

test('every key goes away by itself', async () => {
  const { decide, settle } = asker(store);
  await decide([policy()], 'slot');
  await settle('slot');
  await settle('never-was');
  // -1: never; -2: it has gone meanwhile
  for (const key of await keys()) expect(await client.pttl(key), key).not.toBe(-1);
});

test('the keys of a decision outlive what they count, and not by much', async () => {
  const window = policy({ perMs: 30_000 });
  await asker(store).decide([window]);
  const ttl = await client.pttl(`{embed-gateway}:window:30000:${window.subject}`);
  expect(ttl).toBeGreaterThan(30_400);
  expect(ttl).toBeLessThan(31_000);
});

test('a window stays under 2 KB in Redis, however large its limit', async () => {
  const window = policy({ max: 100_000, perMs: 600_000 });
  const key = `{embed-gateway}:window:600000:${window.subject}`;
  await asker(store).decide([window]);
  const newest = Math.floor(((await now()) * 60) / 600_000);
  const buckets = Array.from({ length: 60 }, (_, index) => newest - 60 + index);
  await client.hset(key, Object.fromEntries(buckets.map((bucket) => [String(bucket), '1600'])));
  expect(await asker(store).decide([window])).toMatchObject({ policies: [{ remaining: 100_000 - 96_002 }] });
  expect(await client.hlen(key)).toBe(61);
  expect(await client.memory('USAGE', key, 'SAMPLES', 0)).toBeLessThan(2048);
});

test('buckets that have left the window are dropped, so that a busy window does not grow', async () => {
  const window = policy({ max: 100_000, perMs: 600_000 });
  const key = `{embed-gateway}:window:600000:${window.subject}`;
  const newest = Math.floor(((await now()) * 60) / 600_000);
  const gone = Array.from({ length: 61 }, (_, index) => [String(newest - 200 + index), '5'] as const);
  await client.hset(key, Object.fromEntries(gone));
  expect(await asker(store).decide([window])).toMatchObject({ policies: [{ remaining: 99_999 }] });
  expect(await client.hlen(key)).toBe(1);
});

test('a decision is one command, whatever it holds', async () => {
  const { decide } = asker(store);
  await decide([policy()]);
  const before = await commandsSeen();
  for (let call = 0; call < 10; call += 1) await decide([policy(), policy(), policy(), policy()]);
  expect((await commandsSeen()) - before).toBe(10);
});

/** Scripts that clients asked Redis to run. */
async function commandsSeen(): Promise<number> {
  const stats = await client.info('commandstats');
  return [...stats.matchAll(/^cmdstat_eval(?:sha)?:calls=(\d+)/gm)].reduce(
    (sum, [, calls]) => sum + Number(calls),
    0,
  );
}

test('a Redis that has forgotten the scripts is told them again', async () => {
  const { decide, settle } = asker(store);
  await client.script('FLUSH');
  expect((await decide([policy()], 'slot')).kind).toBe('granted');
  await client.script('FLUSH');
  await settle('slot');
});

test('two clients of one Redis count together', async () => {
  const second = connect();
  await waitUntilReady(second, 5000);
  const stores = [store, createRedisStore(second)];
  const request = { policies: [policy({ max: 10 })], provider: unique('provider'), budget: wide };
  const decisions = await Promise.all(
    Array.from({ length: 50 }, (_, index) =>
      (stores[index % 2] ?? store).decide({ ...request, slot: unique('slot') }),
    ),
  );
  expect(
    count(
      decisions.map(({ kind }) => kind),
      'granted',
    ),
  ).toBe(10);
  second.disconnect();
});

const worker = fileURLToPath(new URL('redis-worker.mjs', import.meta.url));

/** Runs requests in a process of its own, against the built gateway; gives how many were granted. */
async function grantedElsewhere(task: unknown): Promise<number> {
  const child = spawn(process.execPath, [worker, JSON.stringify(task)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return z.int().parse(JSON.parse(await text(child.stdout)));
}

test.each([
  ['a limit', { policies: [policy({ max: 10 })], budget: wide }],
  ['a budget', { policies: [], budget: { ...wide, max: 10 } }],
])(
  'two processes with fifty requests at once through %s of ten are granted exactly ten',
  async (_what, request) => {
    const task = {
      url: redis.url,
      requests: 25,
      startAt: Date.now() + 1500,
      request: { ...request, provider: unique('provider') },
    };
    const granted = await Promise.all([grantedElsewhere(task), grantedElsewhere(task)]);
    expect(granted.reduce((sum, one) => sum + one, 0)).toBe(10);
  },
);

test('a store whose Redis is away fails, and does not hold the caller up', async () => {
  const own = await startRedis();
  const away = connectRedis({ url: new Secret(own.url) });
  away.on('error', () => undefined);
  await waitUntilReady(away, 5000);
  const { decide } = asker(createRedisStore(away));
  expect((await decide()).kind).toBe('granted');
  await own.kill();
  const startedAt = performance.now();
  await expect(decide()).rejects.toThrow();
  expect(performance.now() - startedAt).toBeLessThan(1500);
  away.disconnect();
  await own.stop();
});

const waitingFor = (tenant: string, fields: Partial<Waiting> = {}): Waiting => ({
  ...{ freshTicket: unique('ticket'), owner: unique('owner'), embed: 'sales', tenant, weight: 1 },
  ...{ patienceMs: 1e9, lengthMax: 5000, placesMax: 1 },
  ...fields,
});

test('thousands of places that are given up at once hold nobody up', { timeout: 60_000 }, async () => {
  const request = { provider: unique('provider'), budget: { ...wide, max: 1 }, policies: [] };
  const join = (tenant: string): Promise<Decision> =>
    store.decide({ ...request, slot: unique('slot'), waiting: waitingFor(tenant) });
  await join('first');
  for (let batch = 0; batch < 30; batch += 1) {
    await Promise.all(Array.from({ length: 100 }, (_, index) => join(`tenant-${index % 10}`)));
  }
  await sleep(leaseMs + 200);
  const startedAt = performance.now();
  expect(await join('next')).toMatchObject({ kind: 'queued', position: 1 });
  // a command is given up after 500 ms, and everybody's with it
  expect(performance.now() - startedAt).toBeLessThan(400);
});

test.each(['places', 'leases', 'queue', 'clock', 'absent'])(
  'a queue whose %s Redis has evicted goes on: whoever waits joins again and is served',
  async (part) => {
    const provider = unique('provider');
    const request = { provider, budget: { ...wide, max: 1 }, policies: [] };
    const first = unique('slot');
    await store.decide({ ...request, slot: first });
    const callers = Array.from({ length: 4 }, () => ({ slot: unique('slot'), waiting: waitingFor('a') }));
    for (const caller of callers) await store.decide({ ...request, ...caller });
    await client.del(`{embed-gateway}:${part}:${provider}`);
    await store.settle({ ...request, slot: first, unsent: true });
    const left = new Set(callers);
    for (let round = 0; left.size > 0 && round < 20; round += 1) {
      for (const { slot, waiting } of left) {
        const shown = { ...waiting, ticket: waiting.freshTicket };
        const { kind } = await store.decide({ ...request, slot, waiting: shown });
        if (kind !== 'granted') continue;
        await store.settle({ ...request, slot, unsent: true });
        left.delete([...left].find((one) => one.slot === slot) ?? { slot, waiting });
      }
    }
    expect(left.size).toBe(0);
  },
);
