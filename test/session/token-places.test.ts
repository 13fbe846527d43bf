import { expect, test } from 'vitest';
import type { Credentials } from '../../src/gateway/session.ts';
import { bearer, cookie, credentials, entry, outcome, sign, verifier } from './support.ts';

const token = sign();
const other = sign({ sub: 'eve' });
const forged = `${token.slice(0, -3)}AAA`;

test.each<[string, Credentials, string]>([
  ['nothing at all', credentials({}), 'session_missing'],
  ['a bearer token', bearer(token), 'believed'],
  [
    'a bearer token, the scheme in capitals',
    credentials({ authorization: [`BEARER  ${token} `] }),
    'believed',
  ],
  ['another scheme', credentials({ authorization: [`Basic ${token}`] }), 'session_missing'],
  ['a bearer scheme without a token', credentials({ authorization: ['Bearer '] }), 'session_invalid'],
  [
    'a scheme that only ends alike',
    credentials({ authorization: [`Forbearer ${token}`] }),
    'session_missing',
  ],
  ['a bare token in Authorization', credentials({ authorization: [token] }), 'session_missing'],
  ['a cookie', cookie(`session=${token}`), 'believed'],
  ['a cookie among others', cookie(`a=1; session=${token}; b="2"`), 'believed'],
  ['a quoted cookie', cookie(`session="${token}"`), 'believed'],
  ['an empty cookie', cookie('session='), 'session_missing'],
  [
    'a cookie whose name only begins alike',
    cookie(`session2=${token}; xsession=${token}`),
    'session_missing',
  ],
  ['a cookie whose name differs in case', cookie(`Session=${token}`), 'session_missing'],
  ['an emptied cookie beside the real one', cookie(`session=; session=${token}`), 'believed'],
])('%s', async (_case, sent, expected) => {
  expect(await outcome(verifier()(sent))).toBe(expected);
});

test.each<[string, Credentials]>([
  ['bearer and cookie', credentials({ authorization: [`Bearer ${token}`], cookie: `session=${token}` })],
  ['two Authorization headers', credentials({ authorization: [`Bearer ${token}`, `Bearer ${token}`] })],
  ['one cookie twice', cookie(`session=${token}; session=${token}`)],
])('one token in two places is one session: %s', async (_case, sent) => {
  expect(await outcome(verifier()(sent))).toBe('believed');
});

test.each<[string, Credentials]>([
  ['bearer and cookie', credentials({ authorization: [`Bearer ${token}`], cookie: `session=${other}` })],
  ['cookie and a broken bearer', credentials({ authorization: ['Bearer x'], cookie: `session=${token}` })],
  ['a good bearer and a forged one', credentials({ authorization: [`Bearer ${token}`, `Bearer ${forged}`] })],
  ['two Authorization headers', credentials({ authorization: [`Bearer ${other}`, `Bearer ${token}`] })],
  [
    'a token and the same behind U+0085',
    credentials({ authorization: [`Bearer \u0085${token}`, `Bearer ${token}`] }),
  ],
  ['the same cookie name twice', cookie(`session=${token}; session=${other}`)],
  ['the same cookie name twice, one quoted', cookie(`session=${token}; session="${other}"`)],
])('different tokens are nobody’s session: %s', async (_case, sent) => {
  expect(await outcome(verifier()(sent))).toBe('session_ambiguous');
});

test.each([
  `Bearer\t${other}`,
  `Bearer\u00a0${other}`,
  `Bearer:${other}`,
  `Bearer,${other}`,
  `\u00a0Bearer ${other}`,
  `\u0085Bearer ${other}`,
  `\u00ad\u001fBEARER ${other}`,
  `Basic abc, Bearer ${other}`,
  `Basic abc,bearer ${other}`,
  `Basic abc Bearer ${other}`,
  `Bearer ${other}, Bearer ${other}`,
  `Bearer Bearer ${other}`,
  'Bearer',
])('no bearer token hides from a cookie behind another spelling: %j', async (header) => {
  const sent = credentials({ authorization: [header], cookie: `session=${token}` });
  expect(await outcome(verifier()(sent))).toBe('session_invalid');
});

test('nor a cookie behind white space around its name or value', async () => {
  for (const again of [`session =${other}`, `\tsession\t=${other}`, `session= ${other}`]) {
    expect(await outcome(verifier()(cookie(`session=${token};${again}`)))).toBe('session_ambiguous');
  }
  expect(await outcome(verifier()(cookie(`session = ${token}`)))).toBe('believed');
});

test.each([' ', '\t', '\u00a0', '\u0085', '\u00ad', '\u00e9', ',', ';', '=', '+', '/', '~', '%', '"', "'"])(
  'a token with %j inside is refused',
  async (character) => {
    for (const sent of [bearer(`a${character}b`), cookie(`session=a${character}b`)]) {
      expect(await outcome(verifier()(sent))).toBe('session_invalid');
    }
  },
);

test('a header of spaces is read in no time', async () => {
  const spaces = ' '.repeat(100_000);
  const startedAt = performance.now();
  for (const header of [
    `Bearer a${spaces}b`,
    `Bearer${spaces}`,
    spaces,
    `Bearer${spaces}${token}${spaces}x`,
  ]) {
    const sent = credentials({ authorization: [header] });
    expect(['session_invalid', 'session_missing']).toContain(await outcome(verifier()(sent)));
  }
  expect(performance.now() - startedAt).toBeLessThan(1000);
});

test('a token in a place that its issuer does not list is refused, even beside a listed one', async () => {
  const verify = verifier([
    entry({ tokens: ['bearer'] }),
    entry({ issuer: 'https://other.example.com/', tokens: ['cookie:session'] }),
  ]);
  expect(await outcome(verify(cookie(`session=${token}`)))).toBe('session_invalid');
  expect(await outcome(verify(bearer(token)))).toBe('believed');
  const both = credentials({ authorization: [`Bearer ${token}`], cookie: `session=${token}` });
  expect(await outcome(verify(both))).toBe('session_invalid');
});

test('a place that no issuer lists is not looked at', async () => {
  const verify = verifier([entry({ tokens: ['bearer'] })]);
  expect(await outcome(verify(cookie(`session=${token}`)))).toBe('session_missing');
  const both = credentials({ authorization: [`Bearer ${token}`], cookie: `session=${other}` });
  expect(await outcome(verify(both))).toBe('believed');
});

test('the cookie of a name with characters that mean something in patterns is found by that name alone', async () => {
  const verify = verifier([entry({ tokens: ['cookie:__Host-a.b'] })]);
  expect(await outcome(verify(cookie(`__Host-a.b=${token}`)))).toBe('believed');
  expect(await outcome(verify(cookie(`__Host-aXb=${token}`)))).toBe('session_missing');
});
