import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Value } from '../../src/config/expressions.ts';
import { parseStrictJson } from '../../src/gateway/strict-json.ts';

describe('JSON that two parsers could read differently is refused', () => {
  it.each([
    ['{"a":1,"a":2}'],
    ['{"a":1,"b":{},"a":1}'],
    ['{"o":{"a":1,"a":1}}'],
    ['[[{"a":1,"b":[{"a":1}],"a":1}]]'],
    ['{"a":1,"\\u0061":2}'],
    ['{"\\u0061":1,"\\u0061":2}'],
    ['{"a/b":1,"a\\/b":2}'],
    ['{"\\ud83d\\ude00":1,"😀":2}'],
    ['{"":1,"":2}'],
    ['{"a" : 1 , "a"\n:\t2}'],
  ])('a name twice: %s', (text) => {
    expect(parseStrictJson(text).fault).toBe('has a name twice in one object');
  });

  it.each(['__proto__', 'constructor', 'prototype', '\\u005f_proto__', '__prot\\u006f__'])(
    'the name %s',
    (name) => {
      expect(parseStrictJson(`{"${name}":{}}`).fault).toBe('has a name that is not allowed');
      expect(parseStrictJson(`[{"a":{"${name}":1}}]`).fault).toBe('has a name that is not allowed');
    },
  );

  it.each([
    '',
    ' ',
    '{',
    '{"a":1,}',
    '[1,]',
    "{'a':1}",
    '{a:1}',
    'NaN',
    '01',
    '"\n"',
    '\uFEFF{}',
    '{}{}',
    '/**/{}',
    '{"a":1',
    'undefined',
  ])('what is no JSON: %j', (text) => {
    expect(parseStrictJson(text).fault).toBe('is not valid JSON');
  });

  it.each([
    '9007199254740992',
    '-9007199254740993',
    '9007199254740993.0',
    '9007199254740992.5',
    '1e21',
    '1E+16',
    '1.5e300',
    '1e400',
    '-1e400',
  ])('a number that is not exact: %s', (number) => {
    for (const text of [number, `[${number}]`, `{"a":{"b":[1,${number}]}}`]) {
      expect(parseStrictJson(text).fault).toBe('has a number that is not exact');
    }
  });

  it('more than 64 levels', () => {
    expect(parseStrictJson('['.repeat(64) + ']'.repeat(64)).fault).toBeUndefined();
    expect(parseStrictJson('['.repeat(65) + ']'.repeat(65)).fault).toBe('is nested more than 64 deep');
    expect(parseStrictJson('{"a":'.repeat(5000) + '1' + '}'.repeat(5000)).fault).toBeDefined();
    expect(parseStrictJson('['.repeat(100_000) + ']'.repeat(100_000)).fault).toBeDefined();
  });
});

describe('all other JSON means what it says', () => {
  it.each([
    ['{"a":"x:{\\"a\\":1}","b":":"}', { a: 'x:{"a":1}', b: ':' }],
    ['{"a":["a","a"],"b":{"a":1}}', { a: ['a', 'a'], b: { a: 1 } }],
    ['[{"a":1},{"a":2}]', [{ a: 1 }, { a: 2 }]],
    ['"__proto__"', '__proto__'],
    ['{"a":"\\\\","b":1}', { a: '\\', b: 1 }],
    [
      '[9007199254740991,-9007199254740991,12.0e1,-0.5,1e-7,0]',
      [2 ** 53 - 1, 1 - 2 ** 53, 120, -0.5, 1e-7, 0],
    ],
    ['{"a9007199254740993":"9007199254740993 1e400"}', { a9007199254740993: '9007199254740993 1e400' }],
    ['{"toString":1,"valueOf":2}', { toString: 1, valueOf: 2 }],
  ])('%s', (text, value) => {
    expect(plain(parseStrictJson(text).value)).toEqual(value);
  });

  it('any value without those names, written with any spacing', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.constantFrom(0, 1, 4, '\t'), (value, spacing) => {
        const text = JSON.stringify(value, undefined, spacing);
        fc.pre(!/"(__proto__|constructor|prototype)":/.test(text));
        fc.pre(parseStrictJson(text).fault !== 'has a number that is not exact');
        expect(plain(parseStrictJson(text).value)).toEqual(JSON.parse(text));
      }),
    );
  });

  it('a whole number has the value that its digits say, or is refused', () => {
    const exponent = fc.integer({ min: 0, max: 20 });
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }), exponent, (whole, zeros) => {
        const isSafe = whole >= BigInt(Number.MIN_SAFE_INTEGER) && whole <= BigInt(Number.MAX_SAFE_INTEGER);
        const scaled = String(whole * 10n ** BigInt(zeros));
        for (const text of [`${whole}`, `${whole}.0`, `${scaled}e-${zeros}`, `${whole}e0`]) {
          const { value, fault } = parseStrictJson(`{"id":${text}}`);
          expect(fault).toBe(isSafe ? undefined : 'has a number that is not exact');
          if (isSafe) expect(BigInt(Number((value as ReadonlyMap<string, Value>).get('id')))).toBe(whole);
        }
      }),
    );
  });

  it('and any object becomes refused when one of its names is given again', () => {
    const names = fc.uniqueArray(fc.string({ unit: 'binary' }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(names, fc.nat(), (all, pick) => {
        const again = all[pick % all.length] ?? '';
        fc.pre(!all.some((name) => ['__proto__', 'constructor', 'prototype'].includes(name)));
        const members = [...all, again].map((name, at) => `${JSON.stringify(name)}:{"n":${at}}`);
        expect(parseStrictJson(`{${members.join()}}`).fault).toBe('has a name twice in one object');
      }),
    );
  });

  it('no text at all makes it throw', () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom('{', '}', '[', ']', ':', ',', '"', '\\', 'u', 'a', '0', ' ', '\ud800'),
          maxLength: 40,
        }),
        (text) => {
          parseStrictJson(text);
        },
      ),
    );
  });
});

function plain(value: Value | undefined): unknown {
  if (value instanceof Map) {
    return Object.fromEntries(
      [...(value as ReadonlyMap<string, Value>)].map(([name, item]) => [name, plain(item)]),
    );
  }
  return Array.isArray(value) ? value.map(plain) : value;
}
