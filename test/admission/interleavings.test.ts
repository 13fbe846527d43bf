import fc from 'fast-check';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createMemoryStore } from '../../src/admission/memory.ts';
import { createRedisStore } from '../../src/admission/redis.ts';
import { leaseMs, returnMs, type Budget, type Decision, type Store } from '../../src/admission/store.ts';
import { Secret } from '../../src/config/secret.ts';
import { connectRedis, waitUntilReady, type RedisClient } from '../../src/redis/connect.ts';
import { startRedis, type RunningRedis } from '../support/redis.ts';
import { policy, unique } from './support.ts';

/** What may happen next, to one of the callers or to the clock. */
type Step =
  | { readonly kind: 'ask'; readonly caller: number; readonly isPatient: boolean }
  | { readonly kind: 'end'; readonly caller: number; readonly unsent: boolean }
  | { readonly kind: 'leave'; readonly caller: number }
  | { readonly kind: 'time'; readonly ms: number };

const callers = 8;
const caller = fc.nat({ max: callers - 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('ask'), caller, isPatient: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('end'), caller, unsent: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('leave'), caller }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('time'), ms: fc.integer({ min: 1, max: 80 }) }) },
);

interface Clock {
  readonly now: () => number;
  readonly pass: (ms: number) => Promise<void>;
}

/** Each moment is the earliest it may have been. */
interface Grant {
  readonly at: number;
  /** When its call ended; left out while it runs. */
  endedAt?: number;
  unsent?: boolean;
}

/** One who asks until it is served, once. */
interface Asking {
  readonly slot: string;
  readonly owner: string;
  readonly tenant: string;
  ticket?: string | undefined;
  /** Until when the place is kept unless it is asked about. */
  keptUntil?: number;
  grant?: Grant;
}

const budget: Budget = { max: 3, perMs: 120, callMsMax: 400 };
const limitMax = 5;

/** Lets the steps happen to one store and holds what must be true after each. */
async function play(store: Store, { now, pass }: Clock, steps: readonly Step[]): Promise<void> {
  const provider = unique('provider');
  const window = policy({ max: limitMax, perMs: 300 });
  const seen: Grant[] = [];
  const newcomer = (index: number): Asking => ({
    slot: unique('slot'),
    owner: unique('owner'),
    tenant: `tenant-${index % 3}`,
  });
  const asking = Array.from({ length: callers }, (_, index) => newcomer(index));

  const ask = async (one: Asking, isPatient: boolean): Promise<Decision> => {
    const { slot, owner, tenant, ticket, keptUntil = 0 } = one;
    const freshTicket = unique('ticket');
    const patienceMs = isPatient ? 60_000 : 0;
    const waiting = {
      ticket,
      freshTicket,
      owner,
      embed: 'sales',
      tenant,
      weight: 1,
      patienceMs,
      lengthMax: 1000,
      placesMax: 9,
    };
    const before = now();
    const decision = await store.decide({ provider, budget, policies: [window], slot, waiting });
    if (decision.kind === 'granted') {
      expect(one.grant, 'a place served twice').toBeUndefined();
      one.grant = { at: before };
      seen.push(one.grant);
    } else if (decision.kind !== 'limited') {
      if (ticket !== undefined && now() < keptUntil) expect(decision.ticket, 'a place lost').toBe(ticket);
      else expect([ticket, freshTicket]).toContain(decision.ticket);
      one.ticket = decision.ticket;
      one.keptUntil = before - 5 + (decision.kind === 'queued' ? leaseMs : decision.retryAfterMs + returnMs);
    } else {
      one.ticket = undefined;
    }
    return decision;
  };

  const end = async (one: Asking, unsent: boolean): Promise<void> => {
    if (!one.grant || one.grant.endedAt !== undefined) return;
    const before = now();
    await store.settle({ provider, budget, slot: one.slot, unsent });
    one.grant.endedAt = before;
    one.grant.unsent = unsent;
  };

  const holds = (): void => {
    // taken: running, or ended less than a window ago; what the clock rounds is given
    const taken = seen.filter(({ at, endedAt, unsent }) => {
      if (unsent === true) return false;
      const freedAt = endedAt === undefined ? at + budget.callMsMax + budget.perMs : endedAt + budget.perMs;
      return freedAt - 5 > now();
    });
    expect(taken.length).toBeLessThanOrEqual(budget.max);
    const inWindow = seen.filter(({ at }) => at > now() - (300 - 5));
    expect(inWindow.length).toBeLessThanOrEqual(limitMax);
  };

  for (const one of steps) {
    if (one.kind === 'time') await pass(one.ms);
    else {
      const who = asking[one.caller] ?? newcomer(one.caller);
      if (one.kind === 'ask' && !who.grant) await ask(who, one.isPatient);
      if (one.kind === 'end') await end(who, one.unsent);
      if (one.kind === 'leave' && who.ticket !== undefined) {
        await store.leave({ provider, budget, ticket: who.ticket, owner: who.owner });
        who.ticket = undefined;
      }
      if (who.grant?.endedAt !== undefined) asking[one.caller] = newcomer(one.caller);
    }
    holds();
  }

  // whoever goes on asking is served: no place was lost on the way
  for (const one of asking) await end(one, true);
  const left = asking.filter(({ grant }) => !grant);
  for (let round = 0; left.some(({ grant }) => !grant) && round < 400; round += 1) {
    for (const one of left) {
      if (one.grant) continue;
      await ask(one, true);
      holds();
      await end(one, false);
    }
    await pass(15);
  }
  expect(left.filter(({ grant }) => !grant)).toEqual([]);
  await pass(budget.perMs + 20);
  expect(await store.live(provider), 'a slot that nobody holds').toEqual([]);
}

describe('whatever the order of things, no limit is passed and no place is lost or served twice', () => {
  test('counted in this process', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 120 }), async (steps) => {
        let now = 1_000_000;
        const pass = (ms: number): Promise<void> => {
          now += ms;
          return Promise.resolve();
        };
        await play(
          createMemoryStore(() => now),
          { now: () => now, pass },
          steps,
        );
      }),
      { numRuns: 300 },
    );
  });

  describe('counted in Redis', () => {
    let redis: RunningRedis;
    let client: RedisClient;

    beforeAll(async () => {
      redis = await startRedis();
      client = connectRedis({ url: new Secret(redis.url) });
      client.on('error', () => undefined);
      expect(await waitUntilReady(client, 5000)).toBe(true);
    });

    afterAll(async () => {
      client.disconnect();
      await redis.stop();
    });

    test('one after the other', async () => {
      const store = createRedisStore(client);
      const clock: Clock = { now: () => Date.now(), pass: (ms) => sleep(ms) };
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 40 }), async (steps) => {
          await play(store, clock, steps);
        }),
        { numRuns: 12, endOnFailure: true },
      );
    }, 120_000);
  });
});
