import type { Value } from '../config/expressions.ts';

export type StrictJson =
  | { readonly value: Value; readonly fault?: undefined }
  | { readonly value?: undefined; readonly fault: string };

const depthMax = 64;

/**
 * Parses JSON in which no name stands twice in an object, none is `__proto__`, `constructor` or
 * `prototype`, and every whole number is exact. Two parsers must not read two things from one text:
 * JSON.parse takes the last of two equal names, and makes 9007199254740993 another one's id.
 *
 * @returns objects as maps, or why the text was not accepted, in words that hold none of it
 * @see https://www.rfc-editor.org/rfc/rfc8259#section-4 names, and section 6, numbers
 */
export function parseStrictJson(text: string): StrictJson {
  let plain: unknown;
  try {
    plain = JSON.parse(text);
  } catch {
    return { fault: 'is not valid JSON' };
  }
  const fault = faultIn(text);
  return fault === undefined ? { value: toValue(plain) } : { fault };
}

const forbidden = new Set(['__proto__', 'constructor', 'prototype']);
const token = /"(?:[^"\\]|\\.)*"|[{}[\]:]|-?\d[\d.eE+-]*/g;

/** Walks the strings, numbers and brackets of a text that is known to be JSON. A string before a colon is a name. */
function faultIn(text: string): string | undefined {
  const open: (Set<string> | undefined)[] = [];
  let last = '';
  for (const [part] of text.matchAll(token)) {
    if (part === '{' || part === '[') open.push(part === '{' ? new Set() : undefined);
    if (part === '}' || part === ']') open.pop();
    if (open.length > depthMax) return `is nested more than ${depthMax} deep`;
    if (/^[-\d]/.test(part) && !isExact(Number(part))) return 'has a number that is not exact';
    if (part === ':') {
      const name = JSON.parse(last) as string;
      const names = open.at(-1);
      if (names?.has(name) === true) return 'has a name twice in one object';
      if (forbidden.has(name)) return 'has a name that is not allowed';
      names?.add(name);
    }
    last = part;
  }
  return undefined;
}

/** Fractions may be rounded: nobody counts by them. */
function isExact(number: number): boolean {
  return Number.isInteger(number) ? Number.isSafeInteger(number) : Number.isFinite(number);
}

function toValue(plain: unknown): Value {
  if (Array.isArray(plain)) return plain.map(toValue);
  if (typeof plain === 'object' && plain !== null) {
    return new Map(Object.entries(plain).map(([name, item]) => [name, toValue(item)]));
  }
  return plain as Value;
}
