import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { createAdmission, type AdmitOptions } from '../../src/admission/admit.ts';
import { createMemoryStore } from '../../src/admission/memory.ts';
import { createRedisStore } from '../../src/admission/redis.ts';
import type { Budget, Store } from '../../src/admission/store.ts';
import { Secret } from '../../src/config/secret.ts';
import type { AdmissionRequest, Grant } from '../../src/gateway/admission.ts';
import { Refusal } from '../../src/gateway/refusal.ts';
import { connectRedis, waitUntilReady, type RedisClient } from '../../src/redis/connect.ts';
import { startRedis, type RunningRedis } from '../support/redis.ts';
import { policy, wide } from './support.ts';

interface Opened {
  readonly admit: (request: Pick<AdmissionRequest, 'policies' | 'provider'>) => Promise<Grant>;
  readonly ups: readonly boolean[];
  readonly restore: () => Promise<void>;
  readonly mirror: () => Promise<void>;
}

function open(
  stores: Pick<AdmitOptions, 'shared' | 'local'> & { replicas?: number },
  budget: Budget = wide,
  queue = { maxWaitMs: 0, maxLength: 0 },
): Opened {
  const ups: boolean[] = [];
  const providers = new Map([['hex', { budget, queue }]]);
  const { admit, restore, mirror } = createAdmission({
    whenDown: stores.local ? 'local' : 'refuse',
    replicas: 1,
    ...stores,
    providers,
    observeStore: (isUp) => ups.push(isUp),
  });
  const who = { tenant: 'tenant', owner: 'owner', weight: 1 };
  const { signal } = new AbortController();
  return { admit: (request) => admit({ ...who, ...request }, { signal }), ups, restore, mirror };
}

async function openRedis(): Promise<{ redis: RunningRedis; client: RedisClient; store: Store }> {
  const redis = await startRedis();
  const client = connectRedis({ url: new Secret(redis.url) });
  client.on('error', () => undefined);
  await waitUntilReady(client, 5000);
  onTestFinished(async () => {
    client.disconnect();
    await redis.stop();
  });
  return { redis, client, store: createRedisStore(client) };
}

async function refusalOf(promise: Promise<unknown>): Promise<Refusal> {
  const refused: unknown = await promise.catch((error: unknown) => error);
  if (refused instanceof Refusal) return refused;
  throw new Error('was not refused', { cause: refused });
}

test('a grant says what is left; a refusal says which policies were violated, what is left and when to come back', async () => {
  const { admit, ups } = open({ shared: createMemoryStore() });
  const policies = [
    policy({ name: 'user', max: 5 }),
    policy({ name: 'tenant-1m' }),
    policy({ name: 'tenant-1d', perMs: 86_400_000 }),
  ];
  const granted = await admit({ policies, provider: 'hex' });
  expect(granted.policies.map(({ name, remaining }) => [name, remaining])).toEqual([
    ['user', 4],
    ['tenant-1m', 0],
    ['tenant-1d', 0],
  ]);
  const refusal = await refusalOf(admit({ policies, provider: 'hex' }));
  expect(refusal).toMatchObject({
    code: 'rate_limited',
    status: 429,
    parts: {
      violatedPolicies: ['tenant-1m', 'tenant-1d'],
      policies: [{ remaining: 4 }, { remaining: 0 }, { remaining: 0 }],
    },
  });
  expect(refusal.parts.retryAfterMs).toBeGreaterThan(86_000_000);
  expect(ups).toEqual([true, true]);
});

test('a spent budget is busy, and says when to come back', async () => {
  const { admit } = open({ shared: createMemoryStore() }, { max: 1, perMs: 60_000, callMsMax: 10_000 });
  const request = { policies: [policy({ max: 3 })], provider: 'hex' };
  await admit(request);
  const refusal = await refusalOf(admit(request));
  expect(refusal).toMatchObject({
    code: 'provider_busy',
    status: 503,
    parts: { policies: [{ remaining: 2 }] },
  });
  expect(refusal.parts.violatedPolicies).toBeUndefined();
  // the call under way is taken to end soon, not at its deadline
  expect(refusal.parts.retryAfterMs).toBeGreaterThan(59_000);
  expect(refusal.parts.retryAfterMs).toBeLessThanOrEqual(60_000);
});

test('a provider without a budget is limited by the windows alone', async () => {
  const { admit } = open({ shared: createMemoryStore() }, { ...wide, max: 1 });
  const window = policy({ max: 50 });
  const grants = await Promise.all(
    Array.from({ length: 50 }, () => admit({ policies: [window], provider: 'cube' })),
  );
  expect(await grants[0]?.another()).toBe(true);
  for (const grant of grants) grant.settle('called');
  expect((await refusalOf(admit({ policies: [window], provider: 'cube' }))).code).toBe('rate_limited');
});

test('a second attempt takes a second place, and is refused where there is none', async () => {
  const { admit } = open({ shared: createMemoryStore() }, { ...wide, max: 2 });
  const window = policy({ max: 3 });
  const first = await admit({ policies: [window], provider: 'hex' });
  expect(await first.another()).toBe(true);
  expect(await first.another()).toBe(false);
  expect((await refusalOf(admit({ policies: [window], provider: 'hex' }))).code).toBe('provider_busy');
  first.settle('unsent');
  // both places are free again, and the second attempt cost the user nothing
  const again = await admit({ policies: [window], provider: 'hex' });
  expect(again.policies).toMatchObject([{ remaining: 1 }]);
  expect(await again.another()).toBe(true);
});

test('a grant says until when its place is surely held, counted from before it was asked for', async () => {
  const { admit } = open({ shared: createMemoryStore() }, { max: 5, perMs: 1000, callMsMax: 500 });
  const before = performance.now();
  const { deadlineMs } = await admit({ policies: [], provider: 'hex' });
  expect(deadlineMs).toBeGreaterThanOrEqual(before + 500);
  expect(deadlineMs).toBeLessThanOrEqual(performance.now() + 500);
  expect((await admit({ policies: [], provider: 'cube' })).deadlineMs).toBe(Infinity);
});

test('a grant that was used keeps its place for the provider’s window', async () => {
  let now = 0;
  const { admit } = open({ shared: createMemoryStore(() => now) }, { max: 1, perMs: 1000, callMsMax: 500 });
  const grant = await admit({ policies: [], provider: 'hex' });
  now = 300;
  grant.settle('called');
  expect((await refusalOf(admit({ policies: [], provider: 'hex' }))).parts.retryAfterMs).toBe(1000);
  now = 1300;
  await admit({ policies: [], provider: 'hex' });
});

test('while Redis is away the process limits by itself where it may, and says so', async () => {
  const { redis, store } = await openRedis();
  const { admit, ups } = open({ shared: store, local: createMemoryStore() }, { ...wide, max: 4 });
  const request = { policies: [policy({ max: 2 })], provider: 'hex' };
  const before = await admit(request);
  expect(ups).toEqual([true]);

  await redis.kill();
  const first = await admit(request);
  await admit(request);
  expect((await refusalOf(admit(request))).code).toBe('rate_limited');
  expect(ups).toEqual([true, false, false, false]);

  // what was granted through Redis counts here too; each grant that was not used frees its place
  const { policies, provider } = { policies: [], provider: 'hex' };
  await admit({ policies, provider });
  expect((await refusalOf(admit({ policies, provider }))).code).toBe('provider_busy');
  before.settle('unsent');
  await admit({ policies, provider });
  expect((await refusalOf(admit({ policies, provider }))).code).toBe('provider_busy');
  first.settle('unsent');
  await admit({ policies, provider });
});

test('while Redis is away each process has its share of the budget', async () => {
  const { redis, store } = await openRedis();
  const { admit } = open({ shared: store, local: createMemoryStore(), replicas: 3 }, { ...wide, max: 7 });
  await redis.kill();
  const request = { policies: [], provider: 'hex' };
  await admit(request);
  await admit(request);
  expect((await refusalOf(admit(request))).code).toBe('provider_busy');
});

test('a Redis that comes back empty is told what was spent, by every process that spent it', async () => {
  const { client, store } = await openRedis();
  const budget = { max: 3, perMs: 60_000, callMsMax: 10_000 };
  const [one, other] = [
    open({ shared: store, local: createMemoryStore() }, budget),
    open({ shared: store, local: createMemoryStore() }, budget),
  ];
  const request = { policies: [], provider: 'hex' };
  (await one.admit(request)).settle('called');
  (await other.admit(request)).settle('called');
  await expect.poll(async () => (await client.zrange('{embed-gateway}:slots:hex', '0', '-1')).length).toBe(2);
  await client.flushall();
  await one.restore();
  await other.restore();
  await one.restore();
  await one.admit(request);
  expect((await refusalOf(other.admit(request))).code).toBe('provider_busy');
});

test('while Redis is away nothing is granted where the process may not limit by itself', async () => {
  const { redis, store } = await openRedis();
  const { admit, ups } = open({ shared: store });
  const request = { policies: [policy({ max: 2 })], provider: 'hex' };
  const granted = await admit(request);
  await redis.kill();
  const startedAt = performance.now();
  const refusal = await refusalOf(admit(request));
  expect(performance.now() - startedAt).toBeLessThan(1500);
  expect(refusal).toMatchObject({ code: 'limits_unavailable', status: 503, parts: { retryAfterMs: 1000 } });
  expect(refusal.parts.reason).not.toContain('127.0.0.1');
  expect(ups).toEqual([true, false]);
  // a second attempt that cannot be counted is not made, and is no fault of the mint
  expect(await granted.another()).toBe(false);
});

test('a Redis that stands still is as good as away, and is used again once it moves', async () => {
  const { redis, store } = await openRedis();
  const { admit, ups } = open({ shared: store, local: createMemoryStore() });
  process.kill(redis.pid, 'SIGSTOP');
  const startedAt = performance.now();
  await admit({ policies: [], provider: 'hex' });
  expect(performance.now() - startedAt).toBeLessThan(1500);
  process.kill(redis.pid, 'SIGCONT');
  await expect
    .poll(async () => {
      await admit({ policies: [], provider: 'hex' });
      return ups.at(-1);
    })
    .toBe(true);
  expect(ups[0]).toBe(false);
});

test('a grant given by Redis is ended in Redis, so that another replica finds the place free', async () => {
  const { store } = await openRedis();
  const budget = { max: 1, perMs: 60_000, callMsMax: 10_000 };
  const [one, other] = [
    open({ shared: store, local: createMemoryStore() }, budget),
    open({ shared: store }, budget),
  ];
  const grant = await one.admit({ policies: [], provider: 'hex' });
  expect((await refusalOf(other.admit({ policies: [], provider: 'hex' }))).code).toBe('provider_busy');
  grant.settle('unsent');
  await expect
    .poll(async () =>
      other.admit({ policies: [], provider: 'hex' }).then(
        () => 'granted',
        (error: unknown) => (error as Refusal).code,
      ),
    )
    .toBe('granted');
});

test('what waits in this process is woken as soon as a call is freed early', async () => {
  const budget = { max: 1, perMs: 60_000, callMsMax: 60_000 };
  const { store } = await openRedis();
  const { admit } = open({ shared: store }, budget, { maxWaitMs: 600_000, maxLength: 10 });
  const request = { policies: [], provider: 'hex' };
  const first = await admit(request);
  const waits: number[] = [];
  let held = first;
  for (let turn = 0; turn < 8; turn += 1) {
    const next = admit(request);
    // at any moment between two questions
    await sleep(20 + 35 * turn);
    const freedAt = performance.now();
    held.settle('unsent');
    held = await next;
    waits.push(performance.now() - freedAt);
  }
  // a question every 250 ms would take some 125 on average
  expect(waits.toSorted((a, b) => a - b)[4]).toBeLessThan(100);
});

test('processes that cannot ask Redis share what is left of the budget, whoever had spent it', async () => {
  const budget = { max: 12, perMs: 60_000, callMsMax: 10_000 };
  for (const { spent, more } of [
    { spent: [12, 0, 0], more: 0 },
    { spent: [7, 0, 1], more: 2 },
    { spent: [0, 3, 0], more: 7 },
    { spent: [0, 0, 0], more: 12 },
    { spent: [5, 5, 1], more: 0 },
  ]) {
    const { redis, store } = await openRedis();
    const processes = spent.map(() =>
      open({ shared: store, local: createMemoryStore(), replicas: spent.length }, budget),
    );
    const request = { policies: [], provider: 'hex' };
    for (const [index, { admit }] of processes.entries()) {
      for (let call = 0; call < (spent[index] ?? 0); call += 1) (await admit(request)).settle('called');
    }
    for (const { mirror } of processes) await mirror();
    await redis.kill();
    let granted = 0;
    for (const { admit } of processes) {
      while (
        await admit(request).then(
          () => true,
          () => false,
        )
      )
        granted += 1;
    }
    expect(granted, String(spent)).toBe(more);
  }
});

test('a Redis that stands still costs its time-out a few times, not every request', async () => {
  const { redis, store } = await openRedis();
  const { admit } = open({ shared: store, local: createMemoryStore() });
  process.kill(redis.pid, 'SIGSTOP');
  const waits: number[] = [];
  for (let request = 0; request < 20; request += 1) {
    const startedAt = performance.now();
    await admit({ policies: [], provider: 'hex' });
    waits.push(performance.now() - startedAt);
  }
  process.kill(redis.pid, 'SIGCONT');
  expect(waits.filter((ms) => ms > 400).length).toBeLessThanOrEqual(5);
});
