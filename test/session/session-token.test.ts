import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { bearer, entry, nowSeconds, outcome, sign, verifier } from './support.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: 1_800_000_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Times of a token in seconds from now, and settings of its entry. */
const lives: readonly (readonly [Readonly<Record<string, number>>, Readonly<Record<string, string>>])[] = [
  [{ exp: 60 }, {}],
  [{ exp: 60 }, { clockTolerance: '0s' }],
  [{ exp: 60 }, { clockTolerance: '1ms' }],
  [{ exp: 60 }, { clockTolerance: '900ms' }],
  [{ exp: 60 }, { clockTolerance: '1500ms' }],
];

test.each(lives)(
  'what is remembered of a token outlives it, by less than two seconds: %j, %j',
  async (times, settings) => {
    const verify = verifier([entry(settings)]);
    const now = nowSeconds();
    const token = sign(
      Object.fromEntries(Object.entries(times).map(([name, inSeconds]) => [name, now + inSeconds])),
    );
    const { expiresAtMs } = (await verify(bearer(token))).token;
    vi.setSystemTime(expiresAtMs - 2001);
    expect(await outcome(verify(bearer(token)))).toBe('believed');
    for (let laterMs = 0; laterMs <= 2000; laterMs += 50) {
      vi.setSystemTime(expiresAtMs + laterMs);
      expect(await outcome(verify(bearer(token)))).toBe('session_expired');
    }
  },
);
