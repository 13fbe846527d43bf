import { describe, expect, test } from 'vitest';
import { createLimitUser } from '../../src/admission/limit-user.ts';
import { Refusal } from '../../src/gateway/refusal.ts';
import type { Decision, Store } from '../../src/admission/store.ts';
import { asker, count, kinds, policy, wide } from './support.ts';

export interface StoreUnderTest {
  readonly store: Store;
  /** The store's own clock, in milliseconds. */
  readonly now: () => Promise<number>;
  /** Lets the store's clock reach a moment. */
  readonly waitUntil: (ms: number) => Promise<void>;
}

/** Spans are short, for a store whose clock is not ours. */
const perMs = 1200;

/** What every store holds, whatever counts inside. */
export function admissionSuite(name: string, open: () => StoreUnderTest): void {
  describe(`admission counted in ${name}`, () => {
    const wait = async (ms: number): Promise<void> => {
      const { now, waitUntil } = open();
      await waitUntil((await now()) + ms);
    };

    test('a window grants its limit, says what is left, and refuses the rest', async () => {
      const { decide } = asker(open().store);
      const window = policy({ max: 3 });
      for (const remaining of [2, 1, 0]) {
        expect(await decide([window])).toMatchObject({
          kind: 'granted',
          policies: [{ name: 'user', max: 3, remaining }],
        });
      }
      const refused = await decide([window]);
      expect(refused).toMatchObject({
        kind: 'limited',
        violated: [0],
        policies: [{ remaining: 0, max: 3, perMs: 60_000 }],
      });
      const [state] = refused.policies;
      expect(state?.resetMs).toBeGreaterThan(59_000);
      expect(state?.resetMs).toBeLessThanOrEqual(61_001);
    });

    test('what mints nothing counts in the same windows, and neither spends nor waits for a budget', async () => {
      const { store } = open();
      const { decide } = asker(store, { ...wide, max: 1 });
      const limit = createLimitUser({ counts: store, rules: new Map() });
      const window = policy({ max: 4 });
      expect(await limit([window])).toMatchObject([{ name: 'user', max: 4, remaining: 3 }]);
      expect((await decide([window])).kind).toBe('granted');
      expect((await decide([window])).kind).toBe('busy');
      expect(await limit([window])).toMatchObject([{ remaining: 1 }]);
      expect(await limit([window])).toMatchObject([{ remaining: 0 }]);
      const refusal: unknown = await limit([window]).catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(Refusal);
      expect(refusal).toMatchObject({
        code: 'rate_limited',
        parts: { violatedPolicies: ['user'], policies: [{ remaining: 0 }] },
      });
      const many = policy({ max: 200 });
      await Promise.all(Array.from({ length: 200 }, () => limit([many])));
    });

    test('subjects are counted apart, and so are windows of different lengths', async () => {
      const { decide } = asker(open().store);
      const [one, other] = [policy(), policy()];
      expect((await decide([one])).kind).toBe('granted');
      expect((await decide([other])).kind).toBe('granted');
      expect((await decide([{ ...one, perMs: 120_000 }])).kind).toBe('granted');
      expect((await decide([one])).kind).toBe('limited');
    });

    test('a window says nothing was spent where nothing was', async () => {
      const { decide } = asker(open().store);
      const [empty, full] = [policy({ max: 5 }), policy()];
      await decide([full]);
      expect((await decide([empty, full])).policies).toMatchObject([
        { remaining: 5, resetMs: 0 },
        { remaining: 0 },
      ]);
    });

    test('all windows must have room, and those that have none are named', async () => {
      const { decide } = asker(open().store);
      const windows = [
        policy({ name: 'user', max: 1 }),
        policy({ name: 'tenant-1m', max: 5 }),
        policy({ name: 'tenant-1d', max: 1, perMs: 86_400_000 }),
      ];
      expect((await decide(windows)).kind).toBe('granted');
      const refused = await decide(windows);
      expect(refused).toMatchObject({ kind: 'limited', violated: [0, 2] });
      const resets = refused.policies.map(({ resetMs }) => resetMs);
      expect(refused.kind === 'limited' && refused.retryAfterMs).toBe(Math.max(...resets));
    });

    test('a request that one window refuses has spent nothing in the others nor in the budget', async () => {
      const { decide } = asker(open().store, { ...wide, max: 2 });
      const [narrow, broad] = [policy({ max: 1 }), policy({ max: 2 })];
      await decide([narrow, broad]);
      for (let again = 0; again < 5; again += 1) {
        expect((await decide([narrow, broad])).kind).toBe('limited');
        expect((await decide([broad, narrow])).kind).toBe('limited');
      }
      expect(await decide([broad])).toMatchObject({ kind: 'granted', policies: [{ remaining: 0 }] });
    });

    test('a request that finds the budget spent has spent nothing in its windows', async () => {
      const { decide } = asker(open().store, { ...wide, max: 1 });
      const window = policy({ max: 2 });
      await decide([]);
      for (let again = 0; again < 5; again += 1) {
        expect(await decide([window])).toMatchObject({
          kind: 'busy',
          policies: [{ remaining: 2, resetMs: 0 }],
        });
      }
    });

    test('a limit is named before a busy provider', async () => {
      const { decide } = asker(open().store, { ...wide, max: 1 });
      const window = policy();
      await decide([window]);
      expect((await decide([window])).kind).toBe('limited');
    });

    test('fifty at once through a limit of ten are exactly ten', async () => {
      const { decide } = asker(open().store);
      const window = policy({ max: 10 });
      const found = await kinds(Array.from({ length: 50 }, () => decide([window])));
      expect([count(found, 'granted'), count(found, 'limited')]).toEqual([10, 40]);
    });

    test('fifty at once through a budget of ten are exactly ten', async () => {
      const { decide } = asker(open().store, { ...wide, max: 10 });
      const found = await kinds(Array.from({ length: 50 }, () => decide()));
      expect([count(found, 'granted'), count(found, 'busy')]).toEqual([10, 40]);
    });

    test('after the wait that a window names there is room, and shortly before there is none', async () => {
      const { decide } = asker(open().store);
      const window = policy({ max: 2, perMs });
      await decide([window]);
      await wait(300);
      await decide([window]);
      const first = await decide([window]);
      const { now, waitUntil } = open();
      const freeMs = (await now()) + retryAfter(first);
      await waitUntil(freeMs - 150);
      const early = await decide([window]);
      expect(early.kind).toBe('limited');
      await wait(retryAfter(early) + 1);
      // what was spent first has gone, what was spent later has not
      expect(await kinds([decide([window]), decide([window])])).toEqual(['granted', 'limited']);
    });

    test('after the wait that a lowered limit names there is room, and not merely one request less', async () => {
      const { decide } = asker(open().store);
      const subject = policy().subject;
      for (let spent = 0; spent < 3; spent += 1) {
        await decide([policy({ subject, max: 10, perMs })]);
        await wait(perMs / 6);
      }
      const lowered = policy({ subject, max: 2, perMs });
      const refused = await decide([lowered]);
      expect(refused).toMatchObject({ kind: 'limited', policies: [{ remaining: 0 }] });
      expect(refused.policies[0]?.resetMs).toBe(retryAfter(refused));
      await wait(retryAfter(refused) - 100);
      expect((await decide([lowered])).kind).toBe('limited');
      await wait(102);
      expect((await decide([lowered])).kind).toBe('granted');
    });

    test('a window that was left alone for its length is empty', async () => {
      const { decide } = asker(open().store);
      const window = policy({ max: 2, perMs });
      expect(await kinds([decide([window]), decide([window]), decide([window])])).toEqual([
        'granted',
        'granted',
        'limited',
      ]);
      await wait((perMs * 61) / 60 + 2);
      expect(await decide([window])).toMatchObject({ kind: 'granted', policies: [{ remaining: 1 }] });
    });

    test('a call’s slot is held while it runs, and its window runs from its end', async () => {
      const { decide, settle } = asker(open().store, { max: 1, perMs: 800, callMsMax: 60_000 });
      await decide([], 'first');
      await wait(1000);
      const held = await decide();
      expect(held.kind).toBe('busy');
      expect(retryAfter(held)).toBe(800);
      await settle('first');
      const ended = await decide();
      expect(ended.kind).toBe('busy');
      expect(retryAfter(ended)).toBeGreaterThan(700);
      expect(retryAfter(ended)).toBeLessThanOrEqual(800);
      await wait(retryAfter(ended) - 150);
      expect((await decide()).kind).toBe('busy');
      await wait(152);
      expect((await decide()).kind).toBe('granted');
    });

    test('a call that was never sent gives its place back at once', async () => {
      const { decide, settle } = asker(open().store, { ...wide, max: 1 });
      await decide([], 'unsent');
      expect((await decide()).kind).toBe('busy');
      await settle('unsent', true);
      expect(await kinds([decide(), decide()])).toEqual(['granted', 'busy']);
    });

    test('ending a slot twice, or one that never was, takes no more than one place', async () => {
      const { decide, settle } = asker(open().store, { ...wide, max: 3 });
      await decide([], 'known');
      await settle('known');
      await settle('known');
      await settle('stranger', true);
      expect(await kinds([decide(), decide(), decide()])).toEqual(['granted', 'granted', 'busy']);
    });

    test('the slot of a process that was lost frees itself when its call would have aged out', async () => {
      const { decide } = asker(open().store, { max: 1, perMs: 500, callMsMax: 400 });
      await decide();
      const busy = await decide();
      expect(busy.kind).toBe('busy');
      await wait(900 - 150);
      expect((await decide()).kind).toBe('busy');
      await wait(152);
      expect((await decide()).kind).toBe('granted');
    });

    test('providers’ budgets are counted apart', async () => {
      const [one, other] = [
        asker(open().store, { ...wide, max: 1 }),
        asker(open().store, { ...wide, max: 1 }),
      ];
      expect(await kinds([one.decide(), other.decide(), one.decide()])).toEqual([
        'granted',
        'granted',
        'busy',
      ]);
    });

    test('in no trailing window is more granted than its limit, and room is not withheld for long', async () => {
      const { now, waitUntil, store } = open();
      const { decide } = asker(store);
      const window = policy({ max: 7, perMs: 600 });
      const startedAt = await now();
      const granted: { readonly before: number; readonly after: number }[] = [];
      const steps = [5, 40, 3, 90, 20, 11, 60, 2, 33, 70];
      for (let step = 0; (await now()) < startedAt + 2500; step += 1) {
        const before = await now();
        const { kind } = await decide([window]);
        const after = await now();
        if (kind === 'granted') granted.push({ before, after });
        // whatever lies further back than the window and 1/60 of it has surely gone
        const mayCount = granted.filter((one) => one.after >= before - 600 - 10 - 2).length;
        if (kind === 'limited') expect(mayCount).toBeGreaterThanOrEqual(7);
        await waitUntil((await now()) + (steps[step % steps.length] ?? 1));
      }
      expect(granted.length).toBeGreaterThan(20);
      for (const [index, { after }] of granted.entries()) {
        const eighth = granted[index + 7];
        // the latest moment of the first against the earliest of the eighth
        if (eighth)
          expect(eighth.after - after).toBeGreaterThanOrEqual(
            600 - (after - (granted[index]?.before ?? after)) - 2,
          );
      }
    });
  });
}

export function retryAfter(decision: Decision): number {
  if (decision.kind === 'granted') throw new Error('was granted');
  return decision.retryAfterMs;
}
