import fc from 'fast-check';
import { isPlainText } from '../../src/config/text.ts';

/** Text that may name a filter's value. */
export const plainText = fc.string({ unit: 'grapheme', maxLength: 40 }).filter(isPlainText);

/** Numbers as JSON has them: without -0, which it cannot say. */
export const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);

export function listOf<Item>(item: fc.Arbitrary<Item>): fc.Arbitrary<Item[]> {
  return fc.array(item, { minLength: 1, maxLength: 5 });
}
