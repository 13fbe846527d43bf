import { Refusal } from '../gateway/refusal.ts';
import { invalid } from './invalid.ts';

/** The different non-empty values of each cookie: a name may come twice, and the order says nothing about which is meant. */
export type Cookies = ReadonlyMap<string, ReadonlySet<string>>;

const chunksMax = 10;

/**
 * Reads the pairs of a Cookie header as browsers write them: one name is another's only byte by byte, and
 * nothing but spaces and tabs is left out around name and value. A reader that leaves out more, such as
 * U+00A0, reads `__Host-` where the browser did not: a sibling host may set that cookie. Quotes around a
 * value are no part of it, as for most servers; a semicolon between quotes ends it, as for browsers.
 *
 * @param header as Node gives it: bytes as Latin-1, several headers joined by `; `
 * @see https://www.rfc-editor.org/rfc/rfc6265#section-5.2
 */
export function readCookies(header: string): Cookies {
  const cookies = new Map<string, Set<string>>();
  for (const pair of header.split(';')) {
    const equals = pair.indexOf('=');
    const name = trimBlanks(pair.slice(0, equals));
    const value = unquoted(trimBlanks(pair.slice(equals + 1)));
    if (equals !== -1 && value !== '') cookies.set(name, (cookies.get(name) ?? new Set()).add(value));
  }
  return cookies;
}

/** Without spaces and tabs at both ends. A pattern would take quadratic time for blanks in the middle. */
function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text[start])) start += 1;
  while (start < end && isBlank(text[end - 1])) end -= 1;
  return text.slice(start, end);
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t';
}

function unquoted(value: string): string {
  return value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
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
