import fc from 'fast-check';
import { expect, it } from 'vitest';
import { escapeUnseen } from '../../src/config/escape-unseen.ts';
import { readConfig } from '../../src/config/load.ts';
import { formatProblem } from '../../src/config/problems.ts';
import { createLog } from '../../src/operations/log.ts';

/** By number, independent of what the source asks of Unicode. */
const ranges: readonly (readonly [from: number, to: number])[] = [
  [0x00, 0x1f],
  [0x7f, 0xa0],
  [0xad, 0xad],
  [0x34f, 0x34f],
  [0x61c, 0x61c],
  [0x115f, 0x1160],
  [0x1680, 0x1680],
  [0x17b4, 0x17b5],
  [0x180b, 0x180f],
  [0x2000, 0x200f],
  [0x2028, 0x202f],
  [0x205f, 0x206f],
  [0x3000, 0x3000],
  [0x3164, 0x3164],
  [0xd800, 0xf8ff],
  [0xfdd0, 0xfdef],
  [0xfe00, 0xfe0f],
  [0xfeff, 0xfeff],
  [0xffa0, 0xffa0],
  [0xfff0, 0xfffb],
  [0xfffe, 0xffff],
  [0x1d173, 0x1d17a],
  [0x1fffe, 0x1ffff],
  [0xe0000, 0xe0fff],
  [0x10fffe, 0x10ffff],
];

it('every character that could forge, reorder or hide a part of a line is escaped, and no other', () => {
  for (const [from, to] of ranges) {
    for (let point = from; point <= to; point += 1) {
      expect(escapeUnseen(`a${String.fromCodePoint(point)}b`)).toMatch(/^a(?:\\u[0-9a-f]{4}){1,2}b$/);
    }
  }
  expect(escapeUnseen('\u202e\u{e0041}\ud800')).toBe('\\u202e\\udb40\\udc41\\ud800');
  for (const text of [
    'acme',
    'a b\\u202e"',
    'Zürich, Zu\u0308rich',
    '株式会社',
    'עברית',
    'Supabase’s … “x”',
    '😀',
  ]) {
    expect(escapeUnseen(text)).toBe(text);
  }
});

/** What createLog writes. */
function written(log: (logger: ReturnType<typeof createLog>) => void): string {
  let lines = '';
  log(createLog({ write: (line) => (lines += line) }));
  return lines;
}

const hostile = fc.string({
  unit: fc.integer({ min: 0, max: 0x10ffff }).map((point) => String.fromCodePoint(point)),
});
const spiced = fc.oneof(
  hostile,
  fc.string({
    unit: fc.constantFrom('a', '\u202e', '\u2028', '\u2029', '\u0085', '\u200b', '\n', '"', '\\', '\ud800'),
  }),
);

it('a line of the log is one line of JSON that shows all its characters, and says what was logged', () => {
  fc.assert(
    fc.property(spiced, spiced, (name, value) => {
      fc.pre(!['__proto__', 'level', 'time', 'msg', 'err'].includes(name));
      const lines = written((log) => {
        log.info({ [name]: value, deep: [{ [name]: value }] }, value);
        log.error({ err: new Error(value) }, 'failed');
      });
      const [first = '', second = '', ...rest] = lines.split('\n');
      expect(rest).toEqual(['']);
      for (const line of [first, second]) expect(escapeUnseen(line)).toBe(line);
      const parsed = JSON.parse(first) as Record<string, unknown>;
      expect(parsed).toMatchObject({ msg: value, deep: [{ [name]: value }] });
      expect(parsed[name]).toBe(value);
      expect(JSON.parse(second)).toMatchObject({ err: { message: value } });
    }),
    { numRuns: 500 },
  );
});

it('check shows a line of the file with its characters escaped, and its caret below the problem', () => {
  const text =
    'sessions:\n  - { "\u202eissuer\u2028": x, "aud\u{e0041}": y }\n"forged\\n1 problem": 1\n"\\u202e": 1\n';
  const loaded = readConfig('gateway.yaml', text, {});
  const shown = loaded.ok ? [] : loaded.problems.map(formatProblem);
  expect(shown.length).toBeGreaterThan(3);
  for (const one of shown) {
    for (const line of one.split('\n')) expect(escapeUnseen(line)).toBe(line);
    expect(one.split('\n').length).toBeLessThanOrEqual(3);
  }
  const [, source = '', caret = ''] = shown.find((one) => one.includes('.aud\\udb40'))?.split('\n') ?? [];
  expect(source).toContain('"\\u202eissuer\\u2028"');
  expect(source.slice(caret.indexOf('^'))).toMatch(/^"aud\\udb40\\udc41": …/);
  expect(shown.join('\n')).toContain('forged\\u000a1 problem: is not a known key');
});
