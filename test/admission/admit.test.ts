import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { createAdmit } from '../../src/admission/admit.ts';
import { createFallback, type Counts, type FallbackOptions } from '../../src/admission/fallback.ts';
import { createMemoryStore } from '../../src/admission/memory.ts';
import { createRedisStore } from '../../src/admission/redis.ts';
import { Waiters } from '../../src/admission/waiters.ts';
import type { BudgetRules, Rules } from '../../src/admission/rules.ts';
import type { Budget, Store } from '../../src/admission/store.ts';
import { Secret } from '../../src/config/secret.ts';
import { CallerGone, type AdmissionRequest, type Grant } from '../../src/gateway/admission.ts';
import { Refusal } from '../../src/gateway/refusal.ts';
import { createCircuit } from '../../src/redis/circuit.ts';
import { connectRedis, waitUntilReady, type RedisClient } from '../../src/redis/connect.ts';
import { startRedis, type RunningRedis } from '../support/redis.ts';
import { policy, wide } from './support.ts';

type Ask = (request: Pick<AdmissionRequest, 'policies' | 'provider'>, signal?: AbortSignal) => Promise<Grant>;

const noQueue = { maxWaitMs: 0, maxLength: 0 };

function rulesFor(budget: Budget, queue = noQueue): Rules {
  return new Map([['hex', { budget, queue }]]);
}

/** Asks where it is counted in one store alone. */
function admitBy(counts: Counts, budget: Budget, queue = noQueue): Ask {
  const admit = createAdmit({ counts, rules: rulesFor(budget, queue), waiters: new Waiters() });
  const who = { tenant: 'tenant', owner: 'owner', embed: 'sales', weight: 1, placesMax: 100 };
  return (request, signal = new AbortController().signal) => admit({ ...who, ...request }, { signal });
}

/** A process with a store of its own beside the shared one. */
function beside(
  shared: Store,
  budget: Budget = wide,
  options: Partial<FallbackOptions> & { readonly queue?: BudgetRules['queue'] } = {},
) {
  const failures: true[] = [];
  const local = createMemoryStore();
  const fallback = createFallback({
    ...{ shared, local, rules: rulesFor(budget), whenDown: 'local', replicas: 1, circuit: createCircuit() },
    observeFailure: () => failures.push(true),
    ...options,
  });
  return { ...fallback, local, failures, admit: admitBy(fallback, budget, options.queue) };
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

async function refusalFrom(promise: Promise<unknown>): Promise<Refusal> {
  const refused: unknown = await promise.catch((error: unknown) => error);
  if (refused instanceof Refusal) return refused;
  throw new Error('was not refused', { cause: refused });
}

test('a grant says what is left; a refusal says which policies were violated, what is left and when to come back', async () => {
  const admit = admitBy(createMemoryStore(), wide);
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
  const refusal = await refusalFrom(admit({ policies, provider: 'hex' }));
  expect(refusal).toMatchObject({
    code: 'rate_limited',
    status: 429,
    parts: {
      violatedPolicies: ['tenant-1m', 'tenant-1d'],
      policies: [{ remaining: 4 }, { remaining: 0 }, { remaining: 0 }],
    },
  });
  expect(refusal.parts.retryAfterMs).toBeGreaterThan(86_000_000);
});

test('a spent budget is busy, and says when to come back', async () => {
  const admit = admitBy(createMemoryStore(), { max: 1, perMs: 60_000, callMsMax: 10_000 });
  const request = { policies: [policy({ max: 3 })], provider: 'hex' };
  await admit(request);
  const refusal = await refusalFrom(admit(request));
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
  const admit = admitBy(createMemoryStore(), { ...wide, max: 1 });
  const window = policy({ max: 50 });
  const grants = await Promise.all(
    Array.from({ length: 50 }, () => admit({ policies: [window], provider: 'cube' })),
  );
  expect(await grants[0]?.another()).toBe(true);
  for (const grant of grants) grant.settle('called');
  expect((await refusalFrom(admit({ policies: [window], provider: 'cube' }))).code).toBe('rate_limited');
});

test('a second attempt takes a second place, and is refused where there is none', async () => {
  const admit = admitBy(createMemoryStore(), { ...wide, max: 2 });
  const window = policy({ max: 3 });
  const first = await admit({ policies: [window], provider: 'hex' });
  expect(await first.another()).toBe(true);
  expect(await first.another()).toBe(false);
  expect((await refusalFrom(admit({ policies: [window], provider: 'hex' }))).code).toBe('provider_busy');
  first.settle('unsent');
  // both places are free again, and the second attempt cost the user nothing
  const again = await admit({ policies: [window], provider: 'hex' });
  expect(again.policies).toMatchObject([{ remaining: 1 }]);
  expect(await again.another()).toBe(true);
});

test('a grant says until when its place is surely held, counted from before it was asked for', async () => {
  const admit = admitBy(createMemoryStore(), { max: 5, perMs: 1000, callMsMax: 500 });
  const before = performance.now();
  const { deadlineMs } = await admit({ policies: [], provider: 'hex' });
  expect(deadlineMs).toBeGreaterThanOrEqual(before + 500);
  expect(deadlineMs).toBeLessThanOrEqual(performance.now() + 500);
  expect((await admit({ policies: [], provider: 'cube' })).deadlineMs).toBe(Infinity);
});

test('a grant that was used keeps its place for the provider’s window', async () => {
  let now = 0;
  const budget = { max: 1, perMs: 1000, callMsMax: 500 };
  const admit = admitBy(
    createMemoryStore(() => now),
    budget,
  );
  const grant = await admit({ policies: [], provider: 'hex' });
  now = 300;
  grant.settle('called');
  expect((await refusalFrom(admit({ policies: [], provider: 'hex' }))).parts.retryAfterMs).toBe(1000);
  now = 1300;
  await admit({ policies: [], provider: 'hex' });
});

test('while Redis is away the process limits by itself where it may, and says so', async () => {
  const { redis, store } = await openRedis();
  const { admit, failures } = beside(store, { ...wide, max: 4 });
  const request = { policies: [policy({ max: 2 })], provider: 'hex' };
  const before = await admit(request);
  expect(failures).toHaveLength(0);

  await redis.kill();
  const first = await admit(request);
  await admit(request);
  expect((await refusalFrom(admit(request))).code).toBe('rate_limited');
  expect(failures).toHaveLength(3);

  // what was granted through Redis counts here too; each grant that was not used frees its place
  const { policies, provider } = { policies: [], provider: 'hex' };
  await admit({ policies, provider });
  expect((await refusalFrom(admit({ policies, provider }))).code).toBe('provider_busy');
  before.settle('unsent');
  await admit({ policies, provider });
  expect((await refusalFrom(admit({ policies, provider }))).code).toBe('provider_busy');
  first.settle('unsent');
  await admit({ policies, provider });
});

test('while Redis is away each process has its share of the budget', async () => {
  const { redis, store } = await openRedis();
  const { admit } = beside(store, { ...wide, max: 7 }, { replicas: 3 });
  await redis.kill();
  const request = { policies: [], provider: 'hex' };
  await admit(request);
  await admit(request);
  expect((await refusalFrom(admit(request))).code).toBe('provider_busy');
});

test('a Redis that comes back empty is told what was spent, by every process that spent it', async () => {
  const { client, store } = await openRedis();
  const budget = { max: 3, perMs: 60_000, callMsMax: 10_000 };
  const [one, other] = [beside(store, budget), beside(store, budget)];
  const request = { policies: [], provider: 'hex' };
  (await one.admit(request)).settle('called');
  (await other.admit(request)).settle('called');
  await expect.poll(async () => (await client.zrange('{embed-gateway}:slots:hex', '0', '-1')).length).toBe(2);
  await client.flushall();
  await one.tellShared();
  await other.tellShared();
  await one.tellShared();
  await one.admit(request);
  expect((await refusalFrom(other.admit(request))).code).toBe('provider_busy');
});

test('while Redis is away nothing is granted where the process may not limit by itself', async () => {
  const { redis, store } = await openRedis();
  const { admit, failures } = beside(store, wide, { whenDown: 'refuse' });
  const request = { policies: [policy({ max: 2 })], provider: 'hex' };
  const granted = await admit(request);
  await redis.kill();
  const startedAt = performance.now();
  const refusal = await refusalFrom(admit(request));
  expect(performance.now() - startedAt).toBeLessThan(1500);
  expect(refusal).toMatchObject({ code: 'limits_unavailable', status: 503, parts: { retryAfterMs: 1000 } });
  expect(refusal.parts.reason).toBe('no answer');
  expect(failures).toHaveLength(1);
  // a second attempt that cannot be counted is not made, and is no fault of the mint
  expect(await granted.another()).toBe(false);
});

test('a Redis that stands still is as good as away, and is used again once it moves', async () => {
  const { redis, store } = await openRedis();
  const { admit, failures } = beside(store);
  process.kill(redis.pid, 'SIGSTOP');
  const startedAt = performance.now();
  await admit({ policies: [], provider: 'hex' });
  expect(performance.now() - startedAt).toBeLessThan(1500);
  process.kill(redis.pid, 'SIGCONT');
  await expect
    .poll(async () => {
      const before = failures.length;
      await admit({ policies: [], provider: 'hex' });
      return failures.length - before;
    })
    .toBe(0);
  expect(failures.length).toBeGreaterThan(0);
});

test('a grant given by Redis is ended in Redis, so that another replica finds the place free', async () => {
  const { store } = await openRedis();
  const budget = { max: 1, perMs: 60_000, callMsMax: 10_000 };
  const [one, other] = [beside(store, budget), { admit: admitBy(store, budget) }];
  const grant = await one.admit({ policies: [], provider: 'hex' });
  expect((await refusalFrom(other.admit({ policies: [], provider: 'hex' }))).code).toBe('provider_busy');
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
  const admit = admitBy(store, budget, { maxWaitMs: 600_000, maxLength: 10 });
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
    const processes = spent.map(() => beside(store, budget, { replicas: spent.length }));
    const request = { policies: [], provider: 'hex' };
    for (const [index, { admit }] of processes.entries()) {
      for (let call = 0; call < (spent[index] ?? 0); call += 1) (await admit(request)).settle('called');
    }
    for (const one of processes) await one.mirror();
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
  const { admit } = beside(store);
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

test('a Redis that hangs for a moment has nothing given out twice, whatever was under way', async () => {
  const { redis, store } = await openRedis();
  const { admit } = beside(store, { max: 4, perMs: 60_000, callMsMax: 10_000 });
  let granted = 0;
  const ask = async (afterMs: number): Promise<void> => {
    await sleep(afterMs);
    await admit({ policies: [], provider: 'hex' }).then(
      () => (granted += 1),
      () => undefined,
    );
  };
  process.kill(redis.pid, 'SIGSTOP');
  // the first is given up after 500 ms, the next while others wait for Redis to be told of it
  const asked = [0, 100, 110, 120, 550, 555, 560, 565].map(ask);
  await sleep(700);
  process.kill(redis.pid, 'SIGCONT');
  await Promise.all(asked);
  await ask(0);
  expect(granted).toBe(4);
});

test('what is granted here while Redis is asked has Redis asked again', async () => {
  const { store } = await openRedis();
  let [isAway, answered] = [false, Promise.resolve()];
  /** The real store, over a slow line. */
  const slow: Store = {
    ...store,
    decide: async (request) => {
      const decision = await store.decide(request);
      await answered;
      return decision;
    },
  };
  const { admit } = beside(
    slow,
    { max: 1, perMs: 60_000, callMsMax: 10_000 },
    { circuit: (ask) => (isAway ? Promise.reject(new Error('away')) : ask()) },
  );
  const request = { policies: [], provider: 'hex' };
  let answer = (): void => undefined;
  answered = new Promise((resolve) => (answer = resolve));
  const first = admit(request);
  await expect.poll(async () => (await store.live('hex')).length).toBe(1);
  isAway = true;
  await admit(request);
  isAway = false;
  answer();
  expect((await refusalFrom(first)).code).toBe('provider_busy');
});

test('who goes while it waits, or as it is served, leaves nothing taken in either store', async () => {
  const { store } = await openRedis();
  const budget = { max: 1, perMs: 60_000, callMsMax: 60_000 };
  const queue = { maxWaitMs: 600_000, maxLength: 10 };
  const { admit, local } = beside(store, budget, { queue, rules: rulesFor(budget, queue) });
  const request = { policies: [], provider: 'hex' };
  const held = await admit(request);
  const [going, staying] = [new AbortController(), new AbortController()];
  const gone = admit(request, going.signal);
  const goneToo = admit(request, going.signal);
  await sleep(50);
  const waiting = admit(request, staying.signal);
  await sleep(50);
  going.abort();
  await expect(gone).rejects.toThrow(CallerGone);
  await expect(goneToo).rejects.toThrow(CallerGone);
  const freedAt = performance.now();
  held.settle('unsent');
  const served = await waiting;
  // the lease of those who went would have held it up for two seconds
  expect(performance.now() - freedAt).toBeLessThan(1000);

  const late = new AbortController();
  late.abort();
  served.settle('unsent');
  await expect.poll(async () => (await store.live('hex')).length).toBe(0);
  await expect(admit(request, late.signal)).rejects.toThrow(CallerGone);
  expect(await store.live('hex')).toEqual([]);
  expect(await local.live('hex')).toEqual([]);
});

test('an empty Redis is told by each process what it knows of all, so that one may stand still', async () => {
  const { client, store } = await openRedis();
  const budget = { max: 3, perMs: 60_000, callMsMax: 10_000 };
  for (const whenDown of ['local', 'refuse'] as const) {
    const [one, still] = [beside(store, budget, { whenDown }), beside(store, budget, { whenDown })];
    const request = { policies: [], provider: 'hex' };
    for (let call = 0; call < 3; call += 1) (await still.admit(request)).settle('called');
    await expect.poll(async () => (await store.live('hex')).length).toBe(3);
    await one.mirror();
    await client.flushall();
    await one.tellShared();
    expect((await refusalFrom(one.admit(request))).code).toBe('provider_busy');
    await client.flushall();
  }
});

test(
  'what is granted by Redis is remembered here no longer than it is taken',
  { timeout: 60_000 },
  async () => {
    setFlagsFromString('--expose-gc');
    const collect = z.custom<() => void>((gc) => typeof gc === 'function').parse(runInNewContext('gc'));
    const { admit } = beside(createMemoryStore(), { max: 1000, perMs: 1, callMsMax: 1 });
    const held = async (grants: number): Promise<number> => {
      for (let grant = 0; grant < grants; grant += 1) {
        (await admit({ policies: [], provider: grant % 2 === 0 ? 'hex' : 'metabase' })).settle('called');
      }
      collect();
      return process.memoryUsage().heapUsed;
    };
    const before = await held(2000);
    // each was 586 bytes while it was kept
    expect((await held(40_000)) - before).toBeLessThan(6_000_000);
  },
);
