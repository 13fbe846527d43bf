import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from '../../src/config/duration.ts';

describe('a duration is a whole number with its unit, and nothing else is one', () => {
  it.each([
    ['500ms', 500],
    ['15s', 15_000],
    ['10m', 600_000],
    ['12h', 43_200_000],
    ['1d', 86_400_000],
    ['0s', 0],
  ])('%s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each([
    '',
    '15',
    '1.5s',
    '-1s',
    '+1s',
    '1 s',
    ' 1s',
    '1s ',
    '1s\n',
    '01s',
    '1S',
    '1w',
    '1m30s',
    's',
    '1e3s',
    '٣s',
    '1toString',
  ])('refuses %j', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  it('what is written is read back as the same length', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999_999_999 }), (ms) => {
        expect(parseDuration(formatDuration(ms))).toBe(ms);
      }),
    );
  });

  it.each([
    [60_000, '1m'],
    [90_000, '90s'],
    [86_400_000, '1d'],
    [1500, '1500ms'],
  ])('%d ms is written with the largest unit that is exact', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});
