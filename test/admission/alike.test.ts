import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { createMemoryStore } from '../../src/admission/memory.ts';
import { createRedisStore } from '../../src/admission/redis.ts';
import { leaseMs, returnMs, type Budget, type Store } from '../../src/admission/store.ts';
import { Secret } from '../../src/config/secret.ts';
import { connectRedis, waitUntilReady, type RedisClient } from '../../src/redis/connect.ts';
import { clockKey, underClock } from '../support/redis-clock.ts';
import { startRedis } from '../support/redis.ts';
import { policy, unique } from './support.ts';

/** What may happen next, to one of the callers, the budget or the clock. */
type Step =
  | {
      readonly kind: 'ask';
      readonly caller: number;
      readonly patienceMs: number;
      readonly lengthMax: number;
      readonly placesMax: number;
    }
  | { readonly kind: 'settle'; readonly caller: number; readonly unsent: boolean }
  | { readonly kind: 'leave'; readonly caller: number }
  | { readonly kind: 'heed'; readonly remaining: number; readonly forMs: number }
  | { readonly kind: 'restore'; readonly freedInMs: number }
  | { readonly kind: 'time'; readonly ms: number };

const tenants = [
  { tenant: 'light', weight: 0.5 },
  { tenant: 'plain', weight: 1 },
  { tenant: 'heavy', weight: 3 },
];
const callers = 12;
const caller = fc.nat({ max: callers - 1 });
const kind = <Kind extends Step['kind']>(name: Kind): fc.Arbitrary<Kind> => fc.constant(name);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: kind('ask'),
      caller,
      patienceMs: fc.constantFrom(0, 200, 60_000),
      lengthMax: fc.constantFrom(-1, 3, 5, 1000),
      placesMax: fc.constantFrom(2, 4),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: kind('settle'), caller, unsent: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('leave'), caller }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: kind('heed'),
      remaining: fc.nat({ max: 3 }),
      forMs: fc.integer({ min: 1, max: 500 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: kind('restore'), freedInMs: fc.integer({ min: 1, max: 500 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: kind('time'),
      ms: fc.oneof(fc.integer({ min: 1, max: 80 }), fc.constantFrom(1000, leaseMs, returnMs)),
    }),
  },
);

const budget: Budget = { max: 3, perMs: 120, callMsMax: 400 };

async function openRedis(): Promise<RedisClient> {
  const redis = await startRedis();
  const client = connectRedis({ url: new Secret(redis.url) });
  client.on('error', () => undefined);
  onTestFinished(async () => {
    client.disconnect();
    await redis.stop();
  });
  expect(await waitUntilReady(client, 5000)).toBe(true);
  return client;
}

test('Redis and this process decide alike, whatever happens', { timeout: 120_000 }, async () => {
  const client = await openRedis();
  const inRedis = createRedisStore(underClock(client));
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 100 }), async (steps) => {
      let now = 1_800_000_000_000;
      const inProcess = createMemoryStore(() => now);
      const provider = unique('provider');
      const policies = [policy({ max: 6, perMs: 600 }), policy({ max: 20, perMs: 60_000 })];
      // two owners of each tenant, one of whom asks from three places at once, for two embeds
      const asking = Array.from({ length: callers }, (_, index) => {
        const who = tenants[index % tenants.length] ?? { tenant: 'plain', weight: 1 };
        const owner = `${who.tenant} ${index < 9 ? 'greedy' : 'modest'}`;
        return {
          ...{ slot: unique('slot'), ticket: unique('ticket'), owner, embed: index < 3 ? 'other' : 'sales' },
          ...who,
        };
      });
      const happen = async (store: Store, one: Step, fresh: string): Promise<unknown> => {
        if (one.kind === 'time') return undefined;
        if (one.kind === 'heed') return store.heed({ ...one, provider, budget });
        if (one.kind === 'restore') {
          const slots = [{ slot: fresh, freedInMs: one.freedInMs }];
          return store.restore({ provider, budget, slots });
        }
        const asked = asking[one.caller];
        if (!asked) throw new RangeError('one of the callers');
        const { slot, owner, ticket } = asked;
        if (one.kind === 'settle') return store.settle({ provider, budget, slot, unsent: one.unsent });
        if (one.kind === 'leave') return store.leave({ provider, budget, ticket, owner });
        const { patienceMs, lengthMax, placesMax } = one;
        const place = { ...asked, freshTicket: fresh };
        const waiting = lengthMax < 0 ? undefined : { ...place, patienceMs, lengthMax, placesMax };
        return store.decide({ provider, budget, policies, slot, waiting });
      };
      for (const one of steps) {
        if (one.kind === 'time') now += one.ms;
        await client.set(clockKey, now);
        const fresh = unique('fresh');
        const here = await happen(inProcess, one, fresh);
        expect(await happen(inRedis, one, fresh)).toEqual(here);
        const who = 'caller' in one ? asking[one.caller] : undefined;
        if (who && one.kind === 'ask') {
          const decision = here as { readonly kind: string; readonly ticket?: string };
          if (decision.ticket !== undefined) who.ticket = decision.ticket;
        }
        if (who && one.kind === 'settle') who.slot = unique('slot');
      }
    }),
    { numRuns: 150 },
  );
});
