import { createServer, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import { expect, it, onTestFinished, test } from 'vitest';
import { readCookies } from '../../src/session/cookies.ts';
import { cookie, entry, outcome, sign, verifier } from './support.ts';

const honest = sign();
const evil = sign({ org: 'evil' });
const name = '__Host-session';
const verify = verifier([entry({ tokens: [`cookie:${name}`] })]);

/** Bytes as Node gives them: each as the Latin-1 character of its number. */
function latin1(text: string): string {
  return Buffer.from(text).toString('latin1');
}

/** What a lenient reader takes for blank, and a browser for a part of the name. */
const blanks: readonly (readonly [string, string])[] = [
  ['U+00A0 as one byte', '\u00a0'],
  ['U+0085 as one byte', '\u0085'],
  ['U+000B', '\v'],
  ['U+000C', '\f'],
  ['U+001F', '\u001f'],
  ['U+007F', '\u007f'],
  ...[0xa0, 0x85, 0x1680, 0x180e, 0x2003, 0x200b, 0x2028, 0x2029, 0x202f, 0x205f, 0x2060, 0x3000, 0xfeff].map(
    (point) => [`U+${point.toString(16)} in UTF-8`, latin1(String.fromCodePoint(point))] as const,
  ),
];

it.each(blanks)('%s around a name makes another cookie of it', async (_case, blank) => {
  const others = [`${blank}${name}`, `${name}${blank}`, `${blank} ${name}`, `${name}${blank} `];
  for (const other of others) {
    expect(await outcome(verify(cookie(`${other}=${evil}`)))).toBe('session_missing');
    for (const header of [`${other}=${evil}; ${name}=${honest}`, `${name}=${honest}; ${other}=${evil}`]) {
      expect(await verify(cookie(header))).toMatchObject({ tenant: 'acme' });
    }
  }
});

it.each(blanks)('%s around a value is a part of it, and of no token', async (_case, blank) => {
  for (const value of [`${blank}${honest}`, `${honest}${blank}`, `"${blank}${honest}"`]) {
    expect(await outcome(verify(cookie(`${name}=${value}`)))).toBe('session_invalid');
  }
});

/** What a sibling host can make a browser send, or what another reader would take for the cookie. */
test.each<[string, string]>([
  ['a cookie without a name', `=${name}=${evil}`],
  ['a cookie without a name, whose value has a blank before it', `= ${name}=${evil}`],
  ['a name alone', name],
  ['a name in other case', `__host-session=${evil}`],
  ['a name in capitals', `__HOST-SESSION=${evil}`],
  ['a name in quotes', `"${name}"=${evil}`],
  ['a name that is escaped', `%5F_Host-session=${evil}`],
  ['a name with a letter of another width', `${latin1('__Ｈost-session')}=${evil}`],
  ['a name behind a comma', `a=1, ${name}=${evil}`],
  ['a name behind a line of another reader', `a=1\u0085${name}=${evil}`],
  ['the attribute of an old cookie', `$Path=/; $Version=1`],
  ['a name with an ending', `${name}\u0000=${evil}`],
  ['a chunk behind a blank', `\u00a0${name}.0=${evil}`],
  ['a chunk with a digit of another script', `${latin1(`${name}.٠`)}=${evil}`],
])('%s is not the cookie', async (_case, other) => {
  expect(await outcome(verify(cookie(other)))).toBe('session_missing');
  expect(await verify(cookie(`${other}; ${name}=${honest}`))).toMatchObject({ tenant: 'acme' });
});

test.each<[string, string]>([
  ['spaces and tabs around name and value', `a=1;\t ${name} \t= \t${honest}\t ;b=2`],
  ['nothing between the cookies but a semicolon', `a=1;${name}=${honest};b=2`],
  ['quotes around the value', `${name}="${honest}"`],
  ['quotes of which a part stands before and a part behind', `a="1; ${name}=${honest}; b=2"`],
])('%s make no other cookie', async (_case, header) => {
  expect(await outcome(verify(cookie(header)))).toBe('believed');
});

it('keeps the equals signs of a value, and one of two quotes', () => {
  expect(readCookies('a=b==; c="d; e=f"; g="; h=""; i= " "')).toEqual(
    new Map([
      ['a', new Set(['b=='])],
      ['c', new Set(['"d'])],
      ['e', new Set(['f"'])],
      ['g', new Set(['"'])],
      ['i', new Set([' '])],
    ]),
  );
});

it('reads what Node makes of the bytes of several headers', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const arrived = once(server, 'request') as Promise<[IncomingMessage]>;
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  const nbsp = Buffer.from([0xc2, 0xa0]);
  socket.write(
    Buffer.concat([
      Buffer.from(`GET / HTTP/1.1\r\nHost: a\r\nCookie: ${name}=${honest}\r\nCookie: `),
      nbsp,
      Buffer.from(`${name}=${evil}\r\nCookie: `),
      nbsp.subarray(1),
      Buffer.from(`${name}=${evil}\r\n\r\n`),
    ]),
  );
  const [{ headers }] = await arrived;
  expect(readCookies(headers.cookie ?? '').size).toBe(3);
  expect(await verify(cookie(headers.cookie ?? ''))).toMatchObject({ tenant: 'acme' });
});
