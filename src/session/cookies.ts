import { Refusal } from '../gateway/refusal.ts';
import { invalid } from './invalid.ts';

/** The different non-empty values of each cookie: a name may come twice, and the order says nothing about which is meant. */
export type Cookies = ReadonlyMap<string, ReadonlySet<string>>;

const chunksMax = 10;

export function readCookies(header: string): Cookies {
  const cookies = new Map<string, Set<string>>();
  for (const pair of header.split(';')) {
    const equals = pair.indexOf('=');
    const name = pair.slice(0, equals).trim();
    const value = pair
      .slice(equals + 1)
      .trim()
      .replace(/^"(.*)"$/, '$1');
    if (equals !== -1 && value !== '') cookies.set(name, (cookies.get(name) ?? new Set()).add(value));
  }
  return cookies;
}

/** What a cookie holds under its very name. */
export function wholeValues(cookies: Cookies, name: string): readonly string[] {
  return [...(cookies.get(name) ?? [])];
}

/**
 * What a cookie holds that was too long for one: its chunks `name`, `separator` and a number, in their
 * order. Other cookies whose names begin alike are not among them, unlike for the libraries that write these.
 *
 * @returns undefined when there is no chunk
 * @throws {Refusal} `session_ambiguous` for two values of one chunk; `session_invalid` when one is missing, or
 *   there are more than 10
 */
export function joinedChunks(
  cookies: Cookies,
  { name, separator }: { readonly name: string; readonly separator: string },
): string | undefined {
  const prefix = name + separator;
  const chunks = [...cookies]
    .filter(([found]) => found.startsWith(prefix) && /^(?:0|[1-9]\d?)$/.test(found.slice(prefix.length)))
    .map(([found, values]) => ({ index: Number(found.slice(prefix.length)), values: [...values] }))
    .toSorted((a, b) => a.index - b.index);
  if (chunks.length === 0) return undefined;
  if (chunks.some(({ values }) => values.length > 1)) throw new Refusal('session_ambiguous');
  if (chunks.some(({ index }, at) => index !== at)) throw invalid('a chunk of the cookie is missing');
  if (chunks.length > chunksMax) throw invalid(`the cookie has more than ${chunksMax} chunks`);
  return chunks.flatMap(({ values }) => values).join('');
}
