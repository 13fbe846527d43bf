import { charge } from './cost.ts';

/** The steps for finding all of one text in another: at worst each character is held against each. */
export function searchCost(text: unknown, part: unknown): number {
  if (typeof text !== 'string' || typeof part !== 'string') return 0;
  return (text.length >> 3) + Math.ceil((text.length * part.length) / 64);
}

/** How often a text holds a part, at most `max` times, counted as `split` and `replace` find it. */
export function countOf(text: unknown, part: unknown, max = Infinity): number {
  if (typeof text !== 'string' || typeof part !== 'string') return 0;
  if (part === '') return Math.min(text.length, max);
  let count = 0;
  for (let at = text.indexOf(part); at !== -1 && count < max; at = text.indexOf(part, at + part.length)) {
    count += 1;
  }
  return count;
}

/**
 * Replaces the first `max` of a part, as the library's `replace` does, whose work is quadratic. What is
 * made is charged before it is made.
 */
export function replace(text: string, part: string, by: string, max = text.length): string {
  const count = countOf(text, part, max);
  charge(count + ((text.length + count * (by.length - part.length)) >> 3));
  // the library finds an empty part before what it has put in, again and again
  if (part === '') return by.repeat(count) + text;
  const pieces: string[] = [];
  let from = 0;
  for (let done = 0; done < count; done += 1) {
    const at = text.indexOf(part, from);
    pieces.push(text.slice(from, at), by);
    from = at + part.length;
  }
  return pieces.join('') + text.slice(from);
}
