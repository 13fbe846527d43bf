import { expect, it } from 'vitest';
import { isIdentifier, isPlainText } from '../../src/config/text.ts';

/** Code points that show nothing by themselves: format characters, fillers, blanks, selectors, tags. */
const unseen = [
  0x20, 0xa0, 0xad, 0x34f, 0x61c, 0x115f, 0x1160, 0x1680, 0x17b4, 0x17b5, 0x180b, 0x180e, 0x2000, 0x2003,
  0x200a, 0x200b, 0x200c, 0x200d, 0x200e, 0x200f, 0x2028, 0x2029, 0x202a, 0x202e, 0x202f, 0x205f, 0x2060,
  0x2061, 0x2064, 0x2065, 0x2066, 0x2069, 0x206a, 0x206f, 0x2800, 0x3000, 0x3164, 0xfe00, 0xfe0f, 0xfeff,
  0xffa0, 0xfff0, 0xfff9, 0xfffb, 0xfffc, 0x1d159, 0x1d173, 0x1d17a, 0x13440, 0x13441, 0xe0001, 0xe0020,
  0xe007f, 0xe0100, 0xe01ef, 0xfdd0, 0xfffe, 0xffff, 0x1fffe, 0x10ffff, 0x301, 0x20dd, 0xe000, 0x10fffd,
  0x378,
];

it.each(unseen.map((point) => [`U+${point.toString(16)}`, String.fromCodePoint(point)] as const))(
  'text that is %s alone says nothing',
  (_point, character) => {
    for (const text of [character, character.repeat(3), ` ${character}\u200b`]) {
      expect(isPlainText(text)).toBe(false);
      expect(isIdentifier(text)).toBe(false);
    }
  },
);

it('a text of all of them together says nothing', () => {
  expect(isPlainText(String.fromCodePoint(...unseen))).toBe(false);
  expect(isPlainText('')).toBe(false);
});

/** What turns text round, ends a line, or is no character at all. */
const never = [
  '\u202a',
  '\u202b',
  '\u202c',
  '\u202d',
  '\u202e',
  '\u2066',
  '\u2067',
  '\u2068',
  '\u2069',
  '\u200e',
  '\u200f',
  '\u061c',
  '\u2028',
  '\u2029',
  '\ufdd0',
  '\ufffe',
  '\uffff',
  '\u{1fffe}',
  '\u{10ffff}',
  '\u{e0001}',
  '\u{e0041}',
  '\u{e007f}',
  '\u0000',
  '\t',
  '\n',
  '\r',
  '\u001b',
  '\u007f',
  '\u0085',
  '\u009f',
  '\ud800',
  '\udfff',
];

it.each(never)('no tenant or user has %j in it, wherever', (character) => {
  for (const text of [`${character}acme`, `ac${character}me`, `acme${character}`]) {
    expect(isIdentifier(text)).toBe(false);
  }
});

it.each(['\u0000', '\t', '\n', '\u001b', '\u007f', '\u0085', '\ud800', '\udfff'])(
  'no attribute has %j in it, wherever',
  (character) => {
    expect(isPlainText(`ac${character}me`)).toBe(false);
  },
);

it.each([
  'acme',
  'a',
  '0',
  '-',
  'Acme GmbH & Co. KG',
  'Zürich',
  'Zu\u0308rich',
  'Ελλάδα',
  'می\u200cخواهم',
  'क्\u200dष',
  '株式会社',
  '한국',
  'ﷺ',
  '👩\u200d👩\u200d👧',
  '❤\ufe0f',
  '1\ufe0f\u20e3',
  'e\u00ads\u200bc',
  'x\ufeff',
  '\u2801',
])('%j says something', (text) => {
  expect(isIdentifier(text)).toBe(true);
  expect(isPlainText(text)).toBe(true);
});

it('a name in Hebrew or Arabic may carry the marks that order it; a tenant may not', () => {
  for (const text of ['שלום\u200f (א)', '\u2067עברית\u2069', 'line\u2028break', '🏴\u{e0067}\u{e007f}']) {
    expect([isPlainText(text), isIdentifier(text)]).toEqual([true, false]);
  }
});
