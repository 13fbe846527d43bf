import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Value } from '../../src/config/expressions.ts';
import { combinationKey } from '../../src/gateway/combination.ts';

/** The key of attributes whose canonical form is this text. */
function keyOfText(attributes: string): string {
  return createHash('sha256').update(`{"attributes":${attributes},"embed":"sales"}`).digest('base64url');
}

function keyOf(attributes: ReadonlyMap<string, Value>): string {
  return combinationKey({ name: 'sales', combination: [...attributes.keys()] }, attributes);
}

function doubleOf(bits: string): number {
  return Buffer.from(bits, 'hex').readDoubleBE();
}

/** RFC 8785, appendix B: the bits of an IEEE 754 double, and how it is written. */
const numbers = [
  ['0000000000000000', '0'],
  ['8000000000000000', '0'],
  ['0000000000000001', '5e-324'],
  ['8000000000000001', '-5e-324'],
  ['7fefffffffffffff', '1.7976931348623157e+308'],
  ['ffefffffffffffff', '-1.7976931348623157e+308'],
  ['4340000000000000', '9007199254740992'],
  ['c340000000000000', '-9007199254740992'],
  ['4430000000000000', '295147905179352830000'],
  ['44b52d02c7e14af5', '9.999999999999997e+22'],
  ['44b52d02c7e14af6', '1e+23'],
  ['44b52d02c7e14af7', '1.0000000000000001e+23'],
  ['444b1ae4d6e2ef4e', '999999999999999700000'],
  ['444b1ae4d6e2ef4f', '999999999999999900000'],
  ['444b1ae4d6e2ef50', '1e+21'],
  ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
  ['3eb0c6f7a0b5ed8d', '0.000001'],
  ['41b3de4355555553', '333333333.3333332'],
  ['41b3de4355555554', '333333333.33333325'],
  ['41b3de4355555555', '333333333.3333333'],
  ['41b3de4355555556', '333333333.3333334'],
  ['41b3de4355555557', '333333333.33333343'],
  ['becbf647612f3696', '-0.0000033333333333333333'],
  ['43143ff3c1cb0959', '1424953923781206.2'],
] as const;

describe('the combination key is made of the canonical form of RFC 8785', () => {
  test.each(numbers)('appendix B: the double %s is written as %s', (bits, text) => {
    expect(keyOf(new Map([['a', doubleOf(bits)]]))).toBe(keyOfText(`{"a":${text}}`));
    expect(keyOf(new Map([['a', [doubleOf(bits), 'x']]]))).toBe(keyOfText(`{"a":[${text},"x"]}`));
  });

  test.each(['7fffffffffffffff', '7ff0000000000000', 'fff0000000000000'])(
    'appendix B: the double %s has no form, so that it never shares a key',
    (bits) => {
      expect(() => keyOf(new Map([['a', doubleOf(bits)]]))).toThrow();
    },
  );

  test('section 3.2.2: literals, numbers and texts', () => {
    const attributes = new Map<string, Value>([
      ['numbers', [333333333.33333329, 1e30, 4.5, 2e-3, 0.000000000000000000000000001]],
      ['string', '\u20ac$\u000f\nA\'B"\\\\"/'],
      ['literals', [null, true, false]],
    ]);
    const canonical = String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`;
    expect(keyOf(attributes)).toBe(keyOfText(canonical));
  });

  test('section 3.2.3: names are sorted by their UTF-16 units', () => {
    const attributes = new Map([
      ['\u20ac', 'Euro Sign'],
      ['\r', 'Carriage Return'],
      ['\ufb33', 'Hebrew Letter Dalet With Dagesh'],
      ['1', 'One'],
      ['\ud83d\ude00', 'Emoji: Grinning Face'],
      ['\u0080', 'Control'],
      ['\u00f6', 'Latin Small Letter O With Diaeresis'],
    ]);
    const order = ['\r', '1', '\u0080', '\u00f6', '\u20ac', '\ud83d\ude00', '\ufb33'];
    const members = order.map((name) => `${JSON.stringify(name)}:${JSON.stringify(attributes.get(name))}`);
    expect(keyOf(attributes)).toBe(keyOfText(`{${members.join(',')}}`));
  });

  test.each<[string, Readonly<Record<string, Value>>, string]>([
    [
      'names are not sorted by a language',
      { pêche: 1, peach: 2, péché: 3, sin: 4 },
      '{"peach":2,"péché":3,"pêche":1,"sin":4}',
    ],
    [
      'names in capitals come first',
      { a: 1, A: 2, '': 3, '10': 4, '1': 5 },
      '{"":3,"1":5,"10":4,"A":2,"a":1}',
    ],
    ['texts are not normalised', { a: 'A\u030a' }, '{"a":"A\u030a"}'],
    ['lists keep their order', { a: [56, 'd', [true, 10, null]] }, '{"a":[56,"d",[true,10,null]]}'],
    ['only what must be escaped is', { a: '\u007f\u2028</script>' }, '{"a":"\u007f\u2028</script>"}'],
    ['controls in lower case', { a: '\u0000\u001f\b\t\n\f\r' }, String.raw`{"a":"\u0000\u001f\b\t\n\f\r"}`],
  ])('%s', (_, attributes, canonical) => {
    expect(keyOf(new Map(Object.entries(attributes)))).toBe(keyOfText(canonical));
  });
});
