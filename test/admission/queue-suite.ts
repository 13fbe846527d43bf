import { describe, expect, test } from 'vitest';
import {
  aroundMs,
  leaseMs,
  returnMs,
  type Budget,
  type Decision,
  type Waiting,
} from '../../src/admission/store.ts';
import { policy, unique } from './support.ts';
import { retryAfter, type StoreUnderTest } from './suite.ts';
import type { Policy } from '../../src/gateway/admission.ts';

/** More patience than any queue here asks for. */
const wholeDayMs = 86_400_000;

/** One caller of the queue: asks again with the ticket it was given. */
interface Caller {
  readonly ask: (patienceMs?: number, policies?: readonly Policy[]) => Promise<Decision>;
  readonly slot: string;
  readonly owner: string;
  /** The ticket it was given last. */
  readonly ticket: () => string | undefined;
}

/** What every store holds of the queue. */
export function queueSuite(name: string, open: () => StoreUnderTest): void {
  describe(`the queue counted in ${name}`, () => {
    const wait = async (ms: number): Promise<void> => {
      const { now, waitUntil } = open();
      await waitUntil((await now()) + ms);
    };

    function line(budget: Budget, lengthMax = 1000) {
      const { store } = open();
      const provider = unique('provider');
      const caller = (tenant = 'a', fields: Partial<Waiting> = {}): Caller => {
        const [slot, owner, freshTicket] = [unique('slot'), unique('owner'), unique('ticket')];
        let ticket: string | undefined;
        return {
          slot,
          owner: fields.owner ?? owner,
          ticket: () => ticket,
          ask: async (patienceMs = wholeDayMs, policies = []) => {
            const waiting = {
              ticket,
              freshTicket,
              owner,
              embed: 'sales',
              tenant,
              weight: 1,
              patienceMs,
              lengthMax,
              placesMax: 1000,
              ...fields,
            };
            const decision = await store.decide({ provider, budget, policies, slot, waiting });
            if ('ticket' in decision) ticket = decision.ticket;
            return decision;
          },
        };
      };
      const settle = (slot: string, unsent = false): Promise<void> =>
        store.settle({ provider, budget, slot, unsent });
      const leave = (ticket: string, owner: string): Promise<void> =>
        store.leave({ provider, budget, ticket, owner });
      const heed = (remaining: number, forMs: number): Promise<void> =>
        store.heed({ provider, budget, remaining, forMs });
      const spend = async (): Promise<string> => {
        const { ask, slot } = caller('spender');
        expect((await ask()).kind).toBe('granted');
        await settle(slot);
        return slot;
      };
      return { caller, settle, leave, heed, spend, decide: store.decide.bind(store), provider };
    }

    const minute: Budget = { max: 1, perMs: 60_000, callMsMax: 10_000 };

    /** Callers behind a spent budget of one; `serve` frees it again and again and gives who was served, in turn. */
    async function waitingLine(who: readonly (readonly [string, string, Partial<Waiting>?])[]) {
      const opened = line(minute);
      const blocker = opened.caller('blocker');
      await blocker.ask();
      const callers = new Map<string, Caller>();
      for (const [id, tenant, fields] of who) {
        const caller = opened.caller(tenant, fields);
        expect((await caller.ask()).kind).toBe('queued');
        callers.set(id, caller);
      }
      const held = new Map([...callers].map(([id, { slot }]) => [id, slot]));
      let last = blocker.slot;
      const serve = async (): Promise<readonly string[]> => {
        const done: string[] = [];
        const waiting = new Map(callers);
        while (waiting.size > 0) {
          await opened.settle(last, true);
          const served: string[] = [];
          for (const [id, { ask }] of [...waiting].toReversed()) {
            if ((await ask()).kind === 'granted') served.push(id);
          }
          expect(served).toHaveLength(1);
          const [next = ''] = served;
          waiting.delete(next);
          last = held.get(next) ?? '';
          done.push(next);
        }
        return done;
      };
      return { ...opened, callers, serve };
    }

    test('a lone reader of a quiet tenant is not behind a noisy tenant’s hundred', async () => {
      const noisy = Array.from({ length: 20 }, (_, index) => [`n${index}`, 'noisy'] as const);
      const { callers, serve } = await waitingLine([...noisy, ['lone', 'quiet'] as const]);
      const placed = await callers.get('lone')?.ask();
      expect(placed).toMatchObject({ kind: 'queued', position: 2 });
      const served = await serve();
      expect(served.indexOf('lone')).toBe(1);
      // first come, first served within a tenant
      expect(served.filter((who) => who !== 'lone')).toEqual(noisy.map(([who]) => who));
    });

    test('tenants share by their weights, and none is passed over', async () => {
      const of = (tenant: string, count: number, weight: number) =>
        Array.from({ length: count }, (_, index) => [`${tenant}${index}`, tenant, { weight }] as const);
      const { serve } = await waitingLine([...of('heavy', 12, 3), ...of('light', 4, 1)]);
      const served = await serve();
      for (let turn = 4; turn <= 16; turn += 4) {
        const light = served.slice(0, turn).filter((who) => who.startsWith('light')).length;
        expect(Math.abs(light - turn / 4)).toBeLessThanOrEqual(1);
      }
    });

    test('who leaves has spent nothing: its tenant’s later requests move up', async () => {
      const { callers, leave, serve } = await waitingLine([
        ['a1', 'a'],
        ['a2', 'a'],
        ['a3', 'a'],
        ['b1', 'b'],
        ['b2', 'b'],
      ]);
      const first = callers.get('a1');
      const placed = await first?.ask();
      if (placed?.kind !== 'queued') throw new Error('a1 waits');
      await leave(placed.ticket, 'somebody else');
      expect(await callers.get('b1')?.ask()).toMatchObject({ position: 2 });
      await leave(placed.ticket, first?.owner ?? '');
      callers.delete('a1');
      const served = await serve();
      expect(served.toSorted()).toEqual(['a2', 'a3', 'b1', 'b2']);
      expect(served.indexOf('a3')).toBeLessThan(served.indexOf('b2') + 1);
    });

    test('places that are given up take their tenant’s later requests past nobody who waited meanwhile', async () => {
      const { caller, settle, leave } = line(minute);
      const blocker = caller('blocker');
      await blocker.ask();
      let held = blocker.slot;
      const given = [caller('a'), caller('a'), caller('a'), caller('a')];
      const tickets: string[] = [];
      for (const { ask } of given) {
        const told = await ask(0);
        if (told.kind === 'busy' && told.ticket !== undefined) tickets.push(told.ticket);
      }
      const others = Array.from({ length: 6 }, () => caller('b'));
      for (const { ask } of others) expect((await ask()).kind).toBe('queued');
      for (const { ask, slot } of others.splice(0, 3)) {
        await settle(held, true);
        expect((await ask()).kind).toBe('granted');
        held = slot;
      }
      const late = caller('a');
      await late.ask();
      for (const [index, ticket] of tickets.entries()) await leave(ticket, given[index]?.owner ?? '');
      expect(await others[0]?.ask()).toMatchObject({ position: 1 });
      expect(await late.ask()).toMatchObject({ position: 2 });
      expect(await others[2]?.ask()).toMatchObject({ position: 4 });
    });

    test('whoever holds many places and lets them pass is no further ahead of others for it', async () => {
      const { caller, settle } = line(minute);
      const blocker = caller('blocker');
      await blocker.ask();
      let held = blocker.slot;
      const serve = async (one: Caller): Promise<boolean> => {
        await settle(held, true);
        if ((await one.ask(0)).kind !== 'granted') return false;
        held = one.slot;
        return true;
      };
      const banked = Array.from({ length: 30 }, () => caller('greedy'));
      for (const { ask } of banked) expect((await ask(0)).kind).toBe('busy');
      // comes back for its last place first
      expect(await serve(banked.at(-1) ?? blocker)).toBe(true);
      const lone = caller('quiet');
      expect(await lone.ask()).toMatchObject({ position: 2 });
      expect(await serve(lone)).toBe(true);
      // others are served for long, and then it comes back for all of them at once
      for (let turn = 0; turn < 40; turn += 1) expect(await serve(caller('steady'))).toBe(true);
      for (const { ask } of banked.slice(0, -1)) await ask();
      expect(await caller('newcomer').ask()).toMatchObject({ kind: 'queued', position: 3 });
    });

    test('an owner has so many places at once and no more, and others are let in', async () => {
      const { caller, spend, leave } = line(minute);
      await spend();
      const own = { owner: unique('owner'), placesMax: 2 };
      const [first, second, third] = [caller('a', own), caller('a', own), caller('a', own)];
      expect((await first.ask()).kind).toBe('queued');
      const kept = await second.ask();
      const refused = await third.ask();
      expect(refused).toMatchObject({ kind: 'busy', position: 3 });
      expect(refused).not.toHaveProperty('ticket');
      expect(await caller('a').ask()).toMatchObject({ kind: 'queued', position: 2 });
      if (kept.kind !== 'queued') throw new Error('the second waits');
      await leave(kept.ticket, own.owner);
      expect((await third.ask()).kind).toBe('queued');
    });

    test('a ticket keeps the place for its owner alone', async () => {
      const { caller, spend } = line({ ...minute, max: 1 });
      await spend();
      const one = caller('a');
      const placed = await one.ask(0);
      expect(placed).toMatchObject({ kind: 'busy', position: 1 });
      const ticket = placed.kind === 'busy' ? placed.ticket : undefined;
      expect(ticket).toBeDefined();
      await caller('b').ask(0);
      const thief = caller('a', { ticket });
      expect(await thief.ask(0)).toMatchObject({ kind: 'busy', position: 3 });
      expect(await one.ask(0)).toMatchObject({ kind: 'busy', position: 1, ticket });
    });

    test('a place that is not asked about is given up: soon on the line, later when told to come back', async () => {
      const { caller, spend } = line(minute);
      await spend();
      const [gone, kept, last] = [caller('a'), caller('b'), caller('c')];
      expect((await gone.ask()).kind).toBe('queued');
      expect((await kept.ask(0)).kind).toBe('busy');
      expect(await last.ask()).toMatchObject({ kind: 'queued', position: 3 });
      await wait(leaseMs / 2);
      await last.ask();
      await wait(leaseMs / 2 + 50);
      // the first went without a word; the one who was told to come back keeps its place
      expect(await last.ask()).toMatchObject({ position: 2 });
      expect(await kept.ask(0)).toMatchObject({ position: 1 });
      expect(await gone.ask()).toMatchObject({ position: 3 });
      expect(returnMs).toBeGreaterThan(leaseMs);
    });

    test('an absent caller holds nobody up, and keeps its place', async () => {
      const { caller, settle } = line(minute);
      const blocker = caller('x');
      await blocker.ask();
      const [absent, here, later] = [caller('a'), caller('b'), caller('c')];
      expect(await absent.ask(0)).toMatchObject({ kind: 'busy', position: 1 });
      expect((await here.ask()).kind).toBe('queued');
      // a call is free long before the absent one was told to be back
      await settle(blocker.slot, true);
      expect((await here.ask()).kind).toBe('granted');
      expect(await later.ask()).toMatchObject({ kind: 'queued', position: 2 });
      expect(await absent.ask(0)).toMatchObject({ kind: 'busy', position: 1 });
      await settle(here.slot, true);
      expect(await absent.ask()).toMatchObject({ kind: 'granted' });
    });

    test('around the moment at which it was told to be back, an absent caller’s place is held', async () => {
      const { caller, settle } = line({ max: 1, perMs: 1500, callMsMax: 5000 });
      const blocker = caller('x');
      await blocker.ask();
      await settle(blocker.slot);
      const [absent, here] = [caller('a'), caller('b')];
      const told = retryAfter(await absent.ask(0));
      await wait(told - aroundMs / 2);
      expect((await here.ask()).kind).toBe('queued');
      await wait(aroundMs);
      expect((await here.ask()).kind).toBe('queued');
      await wait(aroundMs / 2 + 50);
      expect((await here.ask()).kind).toBe('granted');
    });

    test('what is taken of the budget is told, each slot with the time it has left', async () => {
      const budget = { max: 3, perMs: 1000, callMsMax: 5000 };
      const { caller, settle, provider } = line(budget);
      const [ended, running] = [caller('a'), caller('b')];
      await ended.ask();
      await running.ask();
      await settle(ended.slot);
      const live = await open().store.live(provider);
      const left = new Map(live.map(({ slot, freedInMs }) => [slot, freedInMs]));
      expect([...left.keys()].toSorted()).toEqual([ended.slot, running.slot].toSorted());
      expect(left.get(ended.slot)).toBeLessThanOrEqual(1000);
      expect(left.get(running.slot)).toBeGreaterThan(5000);
      await wait(1001);
      expect((await open().store.live(provider)).map(({ slot }) => slot)).toEqual([running.slot]);
    });

    test('a full queue refuses who would be last, and lets in who would not', async () => {
      const { caller, spend } = line(minute, 3);
      await spend();
      const noisy = [caller('noisy'), caller('noisy'), caller('noisy')];
      for (const { ask } of noisy) expect((await ask()).kind).toBe('queued');
      const refused = await caller('noisy').ask();
      expect(refused).toMatchObject({ kind: 'busy', position: 4 });
      expect(refused).not.toHaveProperty('ticket');
      expect(await caller('quiet').ask()).toMatchObject({ kind: 'queued', position: 2 });
      expect(await noisy[1]?.ask()).toMatchObject({ kind: 'queued', position: 3 });
    });

    const asks = async (callers: readonly Caller[], patienceMs?: number): Promise<readonly string[]> => {
      const found: string[] = [];
      for (const { ask } of callers) found.push((await ask(patienceMs)).kind);
      return found;
    };
    const times = <One>(length: number, make: (index: number) => One): readonly One[] =>
      Array.from({ length }, (_, index) => make(index));
    const kindsOf = (queued: number, busy: number): readonly string[] => [
      ...times(queued, () => 'queued'),
      ...times(busy, () => 'busy'),
    ];

    test('one user has so many places for all embeds together, and a ticket counts for its embed alone', async () => {
      const { caller, spend } = line(minute, 50);
      await spend();
      const own = { owner: unique('owner'), placesMax: 6 };
      const greedy = times(54, (index) => caller('a', { ...own, embed: `embed-${index % 9}` }));
      expect(await asks(greedy)).toEqual(kindsOf(6, 48));
      expect(await greedy[6]?.ask()).not.toHaveProperty('ticket');
      const [first] = greedy;
      if (!first) throw new Error('one is first');
      expect(await first.ask()).toMatchObject({ kind: 'queued', position: 1, ticket: first.ticket() });
      const ticket = first.ticket();
      expect(await caller('a', { ...own, ticket, embed: 'embed-1' }).ask()).not.toHaveProperty('ticket');
      expect(await caller('b').ask()).toMatchObject({ kind: 'queued', position: 2 });
    });

    test('a colleague’s first place is served before a user’s second, however many that user has', async () => {
      const own = { owner: unique('owner') };
      const many = times(6, (index) => [`x${index}`, 'a', own] as const);
      const { serve, callers } = await waitingLine([...many, ['y', 'a'], ['z', 'a'], ['quiet', 'b']]);
      expect(await callers.get('y')?.ask()).toMatchObject({ kind: 'queued', position: 3 });
      // the tenant has its turns and no more for it
      expect(await callers.get('quiet')?.ask()).toMatchObject({ kind: 'queued', position: 2 });
      expect(await serve()).toEqual(['x0', 'quiet', 'y', 'z', 'x1', 'x2', 'x3', 'x4', 'x5']);
    });

    test('a user who stays away with all its places is not waited for by its colleagues, then or later', async () => {
      const { caller, settle } = line(minute);
      const blocker = caller('a');
      await blocker.ask();
      let held = blocker.slot;
      const serve = async (one: Caller): Promise<void> => {
        await settle(held, true);
        expect((await one.ask()).kind).toBe('granted');
        held = one.slot;
      };
      const own = { owner: unique('owner') };
      const away = times(10, () => caller('a', own));
      expect(await asks(away, 0)).toEqual(kindsOf(0, 10));
      const colleagues = times(12, () => caller('a'));
      expect(await colleagues[0]?.ask(0)).toMatchObject({ position: 2 });
      for (const one of colleagues) await serve(one);
      // it is back for all of them: its first turn is kept, and the others are no credit
      await asks(away);
      expect(await caller('a').ask()).toMatchObject({ position: 3 });
    });

    test('colleagues who come for turns that their tenant let pass have no credit of them', async () => {
      const { caller, settle } = line(minute);
      const blocker = caller('blocker');
      await blocker.ask();
      let held = blocker.slot;
      const own = { owner: unique('owner') };
      expect(
        await asks(
          times(10, () => caller('a', own)),
          0,
        ),
      ).toEqual(kindsOf(0, 10));
      for (let turn = 0; turn < 20; turn += 1) {
        const steady = caller('steady');
        await settle(held, true);
        expect((await steady.ask()).kind).toBe('granted');
        held = steady.slot;
      }
      expect(await asks(times(5, () => caller('a')))).toEqual(kindsOf(5, 0));
      expect(await caller('newcomer').ask()).toMatchObject({ position: 3 });
    });

    test('a tenant alone fills the queue, and gives way to the first reader of another and to no more than its share', async () => {
      const { caller, spend } = line(minute, 50);
      await spend();
      const many = times(50, () => caller('a'));
      expect(await asks(many)).toEqual(kindsOf(50, 0));
      expect(await caller('a').ask()).not.toHaveProperty('ticket');
      const others = times(30, () => caller('b'));
      expect(await others[0]?.ask()).toMatchObject({ kind: 'queued', position: 2 });
      expect(await asks(others)).toEqual(kindsOf(25, 5));
      // the last of the first tenant gave way: told so with no place, they ask anew and find none
      const evicted = await many.at(-1)?.ask();
      expect(evicted).toMatchObject({ kind: 'busy', position: 51 });
      expect(evicted).not.toHaveProperty('ticket');
      expect(await asks(many)).toEqual(kindsOf(25, 25));
      expect(await asks(others)).toEqual(kindsOf(25, 5));
    });

    test('tenants share a full queue by their weights', async () => {
      const { caller, spend } = line(minute, 40);
      await spend();
      const light = times(40, () => caller('light'));
      const heavy = times(40, () => caller('heavy', { weight: 3 }));
      await asks(light);
      await asks(heavy);
      expect(await asks(light)).toEqual(kindsOf(10, 30));
      expect(await asks(heavy)).toEqual(kindsOf(30, 10));
    });

    test('users share their tenant’s part of a full queue', async () => {
      const { caller, spend } = line(minute, 12);
      await spend();
      const [x, y] = [{ owner: unique('owner') }, { owner: unique('owner') }];
      const [many, few] = [times(12, () => caller('a', x)), times(12, () => caller('a', y))];
      expect(await asks(many)).toEqual(kindsOf(12, 0));
      expect(await few[0]?.ask()).toMatchObject({ kind: 'queued', position: 2 });
      expect(await asks(few)).toEqual(kindsOf(6, 6));
      expect(await asks(many)).toEqual(kindsOf(6, 6));
      // while another tenant wants in as well, both give way in turn
      const others = times(6, () => caller('b'));
      expect(await asks(others)).toEqual(kindsOf(6, 0));
      expect([await asks(many), await asks(few)]).toEqual([kindsOf(3, 9), kindsOf(3, 9)]);
    });

    test('a request that a limit refuses while it waits leaves the queue, and waiting spends nothing', async () => {
      const { caller, settle, decide, provider } = line(minute);
      const blocker = caller('blocker');
      await blocker.ask();
      const window = policy({ max: 1 });
      const [one, two] = [caller('a'), caller('a')];
      expect(await one.ask(wholeDayMs, [window])).toMatchObject({
        kind: 'queued',
        policies: [{ remaining: 1 }],
      });
      expect(await two.ask(wholeDayMs, [window])).toMatchObject({
        kind: 'queued',
        policies: [{ remaining: 1 }],
      });
      await settle(blocker.slot, true);
      expect((await one.ask(wholeDayMs, [window])).kind).toBe('granted');
      expect((await two.ask(wholeDayMs, [window])).kind).toBe('limited');
      await settle(one.slot, true);
      // the queue is empty again: whoever may not wait is granted
      const slot = unique('slot');
      expect((await decide({ provider, budget: minute, policies: [], slot })).kind).toBe('granted');
    });

    test('whoever may not wait stands behind everybody who does', async () => {
      const { caller, settle, decide, provider } = line({ ...minute, max: 2 });
      const [one, two, waiting] = [caller('a'), caller('a'), caller('b')];
      await one.ask();
      await two.ask();
      await waiting.ask();
      await settle(one.slot, true);
      const now = { provider, budget: { ...minute, max: 2 }, policies: [] };
      expect((await decide({ ...now, slot: unique('slot') })).kind).toBe('busy');
      await settle(two.slot, true);
      expect((await decide({ ...now, slot: unique('slot') })).kind).toBe('granted');
      expect((await waiting.ask()).kind).toBe('granted');
    });

    test('as many as are free are served at once, whoever asks first', async () => {
      const { caller, settle } = line({ ...minute, max: 3 });
      const spent = [caller('x'), caller('x'), caller('x')];
      for (const { ask } of spent) await ask();
      const waiting = ['a', 'b', 'c', 'd'].map((tenant) => caller(tenant));
      for (const { ask } of waiting) expect((await ask()).kind).toBe('queued');
      for (const { slot } of spent) await settle(slot, true);
      const kinds = [];
      for (const { ask } of waiting.toReversed()) kinds.push((await ask()).kind);
      expect(kinds).toEqual(['queued', 'granted', 'granted', 'granted']);
    });

    test('the wait that is named is the wait there is when nobody else arrives, over several rounds', async () => {
      const budget = { max: 2, perMs: 1000, callMsMax: 5000 };
      const { caller, settle } = line(budget);
      const callers = Array.from({ length: 7 }, (_, index) => caller(`t${index}`));
      const startedAt = await open().now();
      const named = new Map<Caller, number>();
      const served = new Map<Caller, number>();
      while (served.size < callers.length) {
        for (const one of callers) {
          if (served.has(one)) continue;
          const decision = await one.ask();
          if (decision.kind === 'granted') {
            served.set(one, (await open().now()) - startedAt);
            await settle(one.slot);
          } else if (!named.has(one)) {
            named.set(one, (await open().now()) - startedAt + retryAfter(decision));
          }
        }
        await wait(25);
      }
      expect(named.size).toBe(5);
      for (const [one, expected] of named) {
        const actual = served.get(one) ?? 0;
        expect(Math.abs(actual - expected)).toBeLessThanOrEqual(Math.max(0.2 * actual, 300));
      }
    });

    test('what the provider says is left is all that is granted until the moment it names', async () => {
      const { caller, heed } = line({ max: 5, perMs: 500, callMsMax: 300 });
      await caller('a').ask();
      await heed(4, 800);
      await heed(2, 800);
      const kinds = [];
      for (let count = 0; count < 4; count += 1) kinds.push((await caller(`t${count}`).ask(0)).kind);
      expect(kinds).toEqual(['granted', 'granted', 'busy', 'busy']);
      await heed(0, 1500);
      const later = await caller('late').ask(0);
      expect(retryAfter(later)).toBeGreaterThan(1300);
      await wait(1200);
      expect((await caller('early').ask(0)).kind).toBe('busy');
    });
  });
}
