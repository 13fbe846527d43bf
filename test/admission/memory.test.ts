import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createMemoryStore } from '../../src/admission/memory.ts';
import { queueSuite } from './queue-suite.ts';
import { admissionSuite, retryAfter, type StoreUnderTest } from './suite.ts';
import { asker, count, kinds, policy, wide } from './support.ts';

const clock = { ms: 1_800_000_000_000 };

const underTest = (): StoreUnderTest => ({
  store: shared,
  now: () => Promise.resolve(clock.ms),
  waitUntil: (ms) => {
    clock.ms = Math.max(clock.ms, ms);
    return Promise.resolve();
  },
});

admissionSuite('memory', underTest);
queueSuite('memory', underTest);

const shared = createMemoryStore(() => clock.ms);

/** A moment's steps between requests: mostly close together, sometimes far apart. */
const steps = (perMs: number): fc.Arbitrary<number[]> =>
  fc.array(
    fc.oneof(
      fc.constant(0),
      fc.integer({ min: 1, max: Math.ceil(perMs / 60) }),
      fc.integer({ min: 1, max: perMs }),
      fc.double({ min: 0, max: perMs / 5, noNaN: true }),
      fc.constantFrom(perMs - 1, perMs, perMs + 1, Math.ceil((perMs * 61) / 60)),
    ),
    { minLength: 1, maxLength: 120 },
  );

test('whatever the order of requests in time, no trailing window holds more than its limit, and none refuses that has room', async () => {
  const setting = fc
    .record({
      max: fc.integer({ min: 1, max: 8 }),
      perMs: fc.constantFrom(1000, 1001, 60_000, 86_400_000, 777),
    })
    .chain(({ max, perMs }) => fc.tuple(fc.constant({ max, perMs }), steps(perMs)));
  await fc.assert(
    fc.asyncProperty(setting, async ([{ max, perMs }, waits]) => {
      let now = 1_700_000_000_000;
      const { decide } = asker(createMemoryStore(() => now));
      const window = policy({ max, perMs });
      const granted: number[] = [];
      for (const wait of waits) {
        now += wait;
        const { kind } = await decide([window]);
        const inWindow = granted.filter((at) => at > now - perMs).length;
        const inLongerWindow = granted.filter((at) => at > now - perMs - perMs / 60 - 1).length;
        if (kind === 'granted') {
          expect(inWindow).toBeLessThan(max);
          granted.push(now);
        } else expect(inLongerWindow).toBeGreaterThanOrEqual(max);
      }
    }),
    { numRuns: 400 },
  );
});

test('several windows hold together, whatever the order of requests in time', async () => {
  await fc.assert(
    fc.asyncProperty(steps(10_000), async (waits) => {
      let now = 1_700_000_000_000;
      const { decide } = asker(createMemoryStore(() => now));
      const windows = [
        policy({ max: 2, perMs: 1000 }),
        policy({ max: 5, perMs: 10_000 }),
        policy({ max: 9, perMs: 60_000 }),
      ];
      const granted: number[] = [];
      for (const wait of waits) {
        now += wait;
        if ((await decide(windows)).kind === 'granted') granted.push(now);
        for (const { max, perMs } of windows) {
          expect(granted.filter((at) => at > now - perMs).length).toBeLessThanOrEqual(max);
        }
      }
    }),
    { numRuns: 200 },
  );
});

test('a wait that is named is honest to the millisecond', async () => {
  await fc.assert(
    fc.asyncProperty(steps(5000), fc.integer({ min: 1, max: 4 }), async (waits, max) => {
      let now = 1_700_000_000_000;
      const { decide } = asker(createMemoryStore(() => now));
      const window = policy({ max, perMs: 5000 });
      for (const wait of waits) {
        now += wait;
        const decision = await decide([window]);
        if (decision.kind === 'granted') continue;
        const freeAt = now + retryAfter(decision);
        now = Math.max(now, freeAt - 2);
        expect((await decide([window])).kind).toBe('limited');
        now = freeAt;
        expect((await decide([window])).kind).toBe('granted');
      }
    }),
    { numRuns: 200 },
  );
});

test('a budget never has more calls under way or within its window than it allows', async () => {
  const step = fc.record({
    wait: fc.integer({ min: 0, max: 400 }),
    lasts: fc.integer({ min: 0, max: 500 }),
    end: fc.constantFrom('called', 'unsent', 'lost'),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 80 }), async (plan) => {
      let now = 1_700_000_000_000;
      const budget = { max: 3, perMs: 1000, callMsMax: 500 };
      const { decide, settle } = asker(
        createMemoryStore(() => now),
        budget,
      );
      let open: { slot: string; endsAt: number; end: string }[] = [];
      let counted: number[] = [];
      const advance = async (to: number): Promise<void> => {
        for (const call of open
          .filter(({ endsAt }) => endsAt <= to)
          .toSorted((a, b) => a.endsAt - b.endsAt)) {
          now = call.endsAt;
          if (call.end !== 'lost') await settle(call.slot, call.end === 'unsent');
          if (call.end !== 'unsent') counted.push(now);
        }
        open = open.filter(({ endsAt }) => endsAt > to);
        now = to;
      };
      for (const [index, { wait, lasts, end }] of plan.entries()) {
        await advance(now + wait);
        const { kind } = await decide([], `slot-${index}`);
        counted = counted.filter((at) => at > now - budget.perMs);
        if (kind === 'granted') {
          expect(open.length + counted.length).toBeLessThan(budget.max);
          open.push({ slot: `slot-${index}`, endsAt: now + lasts, end });
        }
      }
    }),
    { numRuns: 200 },
  );
});

test('what has left its window is forgotten, so that memory does not grow with the subjects seen', async () => {
  let now = 0;
  const store = createMemoryStore(() => now);
  const { decide } = asker(store, wide);
  const before = heapBytes();
  for (let round = 0; round < 100; round += 1) {
    now += 62_000;
    await kinds(
      Array.from({ length: 1000 }, (_, index) =>
        decide([policy({ subject: `${round}-${index}-${'x'.repeat(43)}` })]),
      ),
    );
  }
  // 100,000 windows would weigh some 30 MB
  expect(heapBytes() - before).toBeLessThan(12_000_000);
});

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function heapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

test('fifty at once through several windows and a budget are as many as the narrowest allows', async () => {
  const { decide } = asker(createMemoryStore(), { ...wide, max: 6 });
  const windows = [policy({ max: 9 }), policy({ max: 12 })];
  const found = await kinds(Array.from({ length: 50 }, () => decide(windows)));
  expect([count(found, 'granted'), count(found, 'busy')]).toEqual([6, 44]);
});
