import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { queueLengthMax } from '../../src/admission/bounds.ts';
import { createFallback } from '../../src/admission/fallback.ts';
import { createMemoryStore } from '../../src/admission/memory.ts';
import { createRedisStore } from '../../src/admission/redis.ts';
import { leaseMs, returnMs, type Budget, type Decision, type Store } from '../../src/admission/store.ts';
import { Secret } from '../../src/config/secret.ts';
import { heededMsMax } from '../../src/gateway/admission.ts';
import { connectRedis, waitUntilReady, type RedisClient } from '../../src/redis/connect.ts';
import { createCircuit } from '../../src/redis/circuit.ts';
import { clockKey, underClock } from '../support/redis-clock.ts';
import { nonsense, poisons, type Poison } from '../support/redis-poison.ts';
import { startRedis, type RunningRedis } from '../support/redis.ts';
import { policy, unique } from './support.ts';

let redis: RunningRedis;
let client: RedisClient;
let store: Store;
const clock = { ms: 0 };

beforeAll(async () => {
  redis = await startRedis();
  client = connectRedis({ url: new Secret(redis.url) });
  client.on('error', () => undefined);
  expect(await waitUntilReady(client, 5000)).toBe(true);
  store = createRedisStore(underClock(client));
  await setClock(1_800_000_000_000);
});

afterAll(async () => {
  client.disconnect();
  await redis.stop();
});

async function setClock(ms: number): Promise<void> {
  clock.ms = ms;
  await client.set(clockKey, ms);
}

const pass = (ms: number): Promise<void> => setClock(clock.ms + ms);

const budget: Budget = { max: 2, perMs: 2000, callMsMax: 1000 };
const lengthMax = 20;
const window = { max: 5, perMs: 60_000 };

/** Callers of one provider: two were served, one of whom is done, five wait and three were told to come back. */
async function busyProvider() {
  const provider = unique('provider');
  const user = policy(window);
  const callers = Array.from({ length: 10 }, (_, index) => ({
    slot: unique('slot'),
    place: {
      freshTicket: unique('ticket'),
      owner: `owner-${index % 4}`,
      embed: 'sales',
      tenant: `t${index % 2}`,
    },
    patienceMs: index < 7 ? 1e9 : 0,
  }));
  const ask = async (index: number, fields: { readonly ticket?: string } = {}): Promise<Decision> => {
    const { slot, place, patienceMs } = callers[index] ?? { slot: '', place: undefined, patienceMs: 0 };
    if (!place) throw new RangeError('one of the callers');
    const waiting = { ...place, ...fields, weight: 1, patienceMs, lengthMax, placesMax: 9 };
    const decision = await store.decide({ provider, budget, policies: [user], slot, waiting });
    expectWithin(decision);
    return decision;
  };
  for (let index = 0; index < callers.length; index += 1) await ask(index);
  await store.settle({ provider, budget, slot: callers[0]?.slot ?? '', unsent: false });
  await store.heed({ provider, budget, remaining: 0, forMs: 1000 });
  /** Everybody asks again; gives how many were granted. */
  const askAll = async (): Promise<number> => {
    let granted = 0;
    for (const [index, { place }] of callers.entries()) {
      if ((await ask(index, { ticket: place.freshTicket })).kind === 'granted') granted += 1;
    }
    return granted;
  };
  return { provider, user, askAll, ask };
}

/** Nothing is told that the configuration does not allow. */
function expectWithin(decision: Decision): void {
  for (const { remaining, resetMs } of decision.policies) {
    expect(remaining).toBeGreaterThanOrEqual(0);
    expect(remaining).toBeLessThanOrEqual(window.max);
    expect(resetMs).toBeGreaterThanOrEqual(0);
    expect(resetMs).toBeLessThanOrEqual((window.perMs * 61) / 60 + 1);
  }
  if (decision.kind === 'granted') return;
  expect(decision.retryAfterMs).toBeGreaterThanOrEqual(0);
  const longestMs = decision.kind === 'limited' ? (window.perMs * 61) / 60 + 1 : heededMsMax;
  expect(decision.retryAfterMs).toBeLessThanOrEqual(longestMs);
  if (decision.kind === 'limited') return;
  expect(decision.position).toBeGreaterThanOrEqual(1);
  expect(decision.position).toBeLessThanOrEqual(lengthMax + 1);
}

const parts = ['slots', 'queue', 'leases', 'places', 'clock', 'pace', 'heeded', 'absent'];
const cases = parts.flatMap((part) => poisons.map((poison) => ({ part, what: poison.name, poison })));

test.each(cases)(
  '$what under $part of a provider: no decision fails, passes the budget or names a time of nobody’s, and it heals',
  async ({ part, poison }: { readonly part: string; readonly poison: Poison }) => {
    const { provider, user, askAll, ask } = await busyProvider();
    const key = `{embed-gateway}:${part}:${provider}`;
    await poison.write(client, key);
    expect(await askAll()).toBeLessThanOrEqual(budget.max);
    await poison.write(client, key);
    for (const slot of [unique('slot'), unique('slot')]) {
      await store.settle({ provider, budget, slot, unsent: false });
    }
    await poison.write(client, key);
    await store.heed({ provider, budget, remaining: 1, forMs: 10 });
    await poison.write(client, key);
    await store.restore({ provider, budget, slots: [{ slot: unique('slot'), freedInMs: 10 }] });
    await poison.write(client, key);
    await store.leave({ provider, budget, ticket: 'none', owner: 'nobody' });
    await poison.write(client, key);
    await store.live(provider);
    expect(await askAll()).toBeLessThanOrEqual(budget.max);
    // everything anybody could have been promised has passed
    await pass(heededMsMax + returnMs + budget.perMs + budget.callMsMax);
    await client.del(`{embed-gateway}:window:${window.perMs}:${user.subject}`);
    expect((await ask(0)).kind).toBe('granted');
  },
);

const newest = (): number => Math.floor((clock.ms * 60) / window.perMs);

const windowCases = [
  ...poisons.map((poison) => ({ what: poison.name, poison })),
  ...nonsense.map((value) => ({
    what: `a newest bucket of '${value}'`,
    poison: { name: '', write: (to: RedisClient, key: string) => to.hset(key, String(newest()), value) },
  })),
  ...[1, 61, 5000, 1e12].map((ahead) => ({
    what: `a bucket ${ahead} ahead`,
    poison: {
      name: '',
      write: (to: RedisClient, key: string) => to.hset(key, String(newest() + ahead), '2'),
    },
  })),
];

test.each(windowCases)(
  '$what in a window: no more than its limit is granted, and it is free again when it has passed',
  async ({ poison }: { readonly poison: Poison }) => {
    const user = policy(window);
    const key = `{embed-gateway}:window:${window.perMs}:${user.subject}`;
    const decide = async (): Promise<Decision> => {
      const decision = await store.decide({
        ...{ provider: unique('provider'), budget: { ...budget, max: 100 } },
        ...{ policies: [user], slot: unique('slot') },
      });
      expectWithin(decision);
      return decision;
    };
    for (let spent = 0; spent < 2; spent += 1) expect((await decide()).kind).toBe('granted');
    await poison.write(client, key);
    let granted = 0;
    for (let more = 0; more < 10; more += 1) if ((await decide()).kind === 'granted') granted += 1;
    expect(granted).toBeLessThanOrEqual(window.max);
    await pass((window.perMs * 61) / 60 + 1);
    expect(await decide()).toMatchObject({ kind: 'granted', policies: [{ remaining: window.max - 1 }] });
  },
);

test('a count that is none grants nothing more in its window', async () => {
  for (const value of nonsense) {
    const user = policy(window);
    const request = { provider: unique('provider'), budget, policies: [user], slot: unique('slot') };
    expect((await store.decide(request)).kind).toBe('granted');
    await client.hset(`{embed-gateway}:window:${window.perMs}:${user.subject}`, String(newest()), value);
    expect((await store.decide({ ...request, slot: unique('slot') })).kind, value).toBe('limited');
  }
});

test('slots that cannot be read are taken for all there are, for one window', async () => {
  const { provider } = await busyProvider();
  const request = { provider, budget, policies: [] };
  await pass(60_000);
  expect((await store.decide({ ...request, slot: unique('slot') })).kind).toBe('granted');
  await client.set(`{embed-gateway}:slots:${provider}`, 'abc');
  const refused = await store.decide({ ...request, slot: unique('slot') });
  expect(refused).toMatchObject({ kind: 'busy', retryAfterMs: budget.perMs + budget.callMsMax });
  await pass(budget.perMs + budget.callMsMax);
  expect((await store.decide({ ...request, slot: unique('slot') })).kind).toBe('granted');
});

describe.each([-86_400_000, -3_600_000, 3_600_000, 86_400_000])('Redis’s clock is set by %d ms', (by) => {
  test('no wait grows by it, no budget is passed, and all is served in time', async () => {
    const { provider, askAll, ask } = await busyProvider();
    await pass(by);
    const before = await askAll();
    expect(before).toBeLessThanOrEqual(budget.max);
    await pass(heededMsMax + budget.perMs + budget.callMsMax);
    const slots = await store.live(provider);
    expect(slots.every(({ freedInMs }) => freedInMs <= budget.perMs + budget.callMsMax)).toBe(true);
    await pass(leaseMs + returnMs);
    expect((await ask(0)).kind).toBe('granted');
  });
});

test('places whose leases never end are given up once every wait has passed', async () => {
  const { provider } = await busyProvider();
  const key = `{embed-gateway}:leases:${provider}`;
  for (const member of await client.zrange(key, '0', '-1')) await client.zadd(key, '9e15', member);
  const decide = (): Promise<Decision> =>
    store.decide({ provider, budget, policies: [], slot: unique('slot') });
  expect(await decide()).toMatchObject({ kind: 'busy', position: 9 });
  await pass(heededMsMax + returnMs);
  expect((await decide()).kind).toBe('granted');
});

test('whatever Redis answers, nothing is told that the configuration does not allow', async () => {
  for (const value of ['9e15', '-9e15', 'inf', '-inf']) {
    for (const kind of ['busy', 'limited']) {
      const own = connectRedis({ url: new Secret(redis.url) });
      own.on('error', () => undefined);
      await waitUntilReady(own, 5000);
      const define = own.defineCommand.bind(own);
      const lua = `return { '${kind}', '${value}', '${value}', '', '${value}', '${value}' }`;
      own.defineCommand = (name, definition) => {
        define(name, { ...definition, lua });
      };
      const waiting = { freshTicket: 'ticket', owner: 'owner', embed: 'sales', tenant: 'tenant', weight: 1 };
      const request = {
        ...{ provider: unique('provider'), budget, policies: [policy(window)], slot: 'slot' },
        waiting: { ...waiting, patienceMs: 0, lengthMax, placesMax: 9 },
      };
      const decision = await createRedisStore(own)
        .decide(request)
        .catch(() => undefined);
      own.disconnect();
      if (decision === undefined) continue;
      expectWithin(decision.kind === 'busy' ? { ...decision, position: 1 } : decision);
      if (decision.kind === 'busy') expect(decision.position).toBeLessThanOrEqual(queueLengthMax + 1);
    }
  }
});

test('what a process notes of a shared store is held to the budget, for when that is gone', async () => {
  const provider = unique('provider');
  await client.zadd(`{embed-gateway}:slots:${provider}`, '9e15', 'one', '+inf', 'two');
  const local = createMemoryStore(() => clock.ms);
  const queue = { maxWaitMs: 0, maxLength: 0 };
  const fallback = createFallback({
    ...{ shared: store, local, whenDown: 'local', replicas: 1, circuit: createCircuit() },
    rules: new Map([[provider, { budget, queue }]]),
    observeFailure: () => undefined,
  });
  await fallback.mirror();
  const live = await local.live(provider);
  expect(live.map(({ freedInMs }) => freedInMs)).toEqual(Array(2).fill(budget.perMs + budget.callMsMax));
});
