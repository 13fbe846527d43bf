import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bucketAt, bucketEndsMs, bucketsPerWindow, TrailingWindow } from '../../src/admission/window.ts';

const perMs = fc.integer({ min: 1000, max: 2_678_400_000 });
const moment = fc.integer({ min: 0, max: 4_000_000_000_000 });

test('what falls into a bucket counts for the whole window, and at most a sixtieth longer', () => {
  fc.assert(
    fc.property(moment, perMs, (now, per) => {
      const keptMs = bucketEndsMs(bucketAt(now, per), per) - now;
      expect(keptMs).toBeGreaterThanOrEqual(per);
      expect(keptMs).toBeLessThanOrEqual(per + per / bucketsPerWindow + 1);
    }),
  );
});

test('later moments never fall into earlier buckets', () => {
  fc.assert(
    fc.property(moment, fc.integer({ min: 0, max: 100_000 }), perMs, (now, later, per) => {
      expect(bucketAt(now + later, per)).toBeGreaterThanOrEqual(bucketAt(now, per));
    }),
  );
});

test('a window’s total is what a list of all moments would say, give or take a sixtieth', () => {
  const steps = fc.array(fc.integer({ min: 0, max: 3000 }), { maxLength: 100 });
  fc.assert(
    fc.property(moment, steps, fc.integer({ min: 1000, max: 20_000 }), (start, waits, per) => {
      const window = new TrailingWindow(per);
      const moments: number[] = [];
      let now = start;
      for (const wait of waits) {
        now += wait;
        const total = window.total(now);
        expect(total).toBeGreaterThanOrEqual(moments.filter((at) => at > now - per).length);
        expect(total).toBeLessThanOrEqual(moments.filter((at) => at > now - per - per / 60 - 1).length);
        window.add(now);
        moments.push(now);
      }
    }),
  );
});

test('the time until so many have left is that time exactly', () => {
  const steps = fc.array(fc.integer({ min: 0, max: 900 }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(moment, steps, fc.integer({ min: 1, max: 60 }), (start, waits, wanted) => {
      const window = new TrailingWindow(10_000);
      let now = start;
      for (const wait of waits) {
        now += wait;
        window.total(now);
        window.add(now);
      }
      const total = window.total(now);
      const needed = Math.min(wanted, total);
      const freesMs = window.freesMs(now, needed);
      expect(window.total(now + freesMs - 1)).toBeGreaterThan(total - needed);
      expect(window.total(now + freesMs)).toBeLessThanOrEqual(total - needed);
    }),
  );
});

test('an empty window frees nothing, and waits for nothing', () => {
  const window = new TrailingWindow(1000);
  expect([window.total(5), window.freesMs(5, 1)]).toEqual([0, 0]);
});
