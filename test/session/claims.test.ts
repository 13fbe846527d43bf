import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Value } from '../../src/config/expressions.ts';
import {
  bearer,
  claims,
  encode,
  entry,
  issuer,
  nowSeconds,
  outcome,
  secret,
  sign,
  signBytes,
  verifier,
} from './support.ts';

const judge = (token: string, fields: Readonly<Record<string, unknown>> = {}): Promise<string> =>
  outcome(verifier([entry(fields)])(bearer(token)));

describe('times', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_800_000_000_000 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test.each<[string, Record<string, unknown>, string]>([
    ['no exp', { exp: undefined }, 'session_invalid'],
    ['no iat', { iat: undefined }, 'session_invalid'],
    ['exp as a text', { exp: '1900000000' }, 'session_invalid'],
    ['exp null', { exp: null }, 'session_invalid'],
    ['iat as a text', { iat: '1700000000' }, 'session_invalid'],
    ['expired long ago', { exp: 1_799_990_000 }, 'session_expired'],
    ['exp 0', { exp: 0 }, 'session_expired'],
    ['expired now, within the tolerance', { exp: 1_800_000_000 }, 'believed'],
    ['expired 4 s ago, within the tolerance', { exp: 1_799_999_996 }, 'believed'],
    ['expired 5 s ago, at the tolerance', { exp: 1_799_999_995 }, 'session_expired'],
    ['issued 5 s in the future', { iat: 1_800_000_005 }, 'believed'],
    ['issued 6 s in the future', { iat: 1_800_000_006 }, 'session_invalid'],
    ['not before 5 s from now', { nbf: 1_800_000_005 }, 'believed'],
    ['not before 6 s from now', { nbf: 1_800_000_006 }, 'session_invalid'],
    ['nbf as a text', { nbf: '0' }, 'session_invalid'],
    ['issued a day and the tolerance ago', { iat: 1_800_000_000 - 86_405 }, 'believed'],
    ['issued longer ago than the default maxAge', { iat: 1_800_000_000 - 86_406 }, 'session_expired'],
  ])('%s', async (_case, fields, expected) => {
    expect(await judge(sign(fields))).toBe(expected);
  });

  test('an exp beyond all numbers does not mean for ever', async () => {
    const payload = JSON.stringify(claims()).replace(/"exp":\d+/, '"exp":1e400');
    expect(await judge(signBytes(payload))).toBe('session_invalid');
  });

  test.each(['1.5', '1799999999.999', '-1', '-0.5', '1e400', '9007199254740992', '"1"', 'true', '[]', '{}'])(
    'an exp, iat or nbf that is no whole number of seconds refuses the token: %s',
    async (time) => {
      for (const name of ['exp', 'iat', 'nbf']) {
        const payload = JSON.stringify(claims({ [name]: 'TIME' })).replace('"TIME"', time);
        expect(await judge(signBytes(payload)), name).toBe('session_invalid');
      }
    },
  );

  test('clockTolerance and maxAge are the entry’s own', async () => {
    const exact = { clockTolerance: '0s', maxAge: '1m' };
    expect(await judge(sign({ exp: 1_800_000_001 }), exact)).toBe('believed');
    expect(await judge(sign({ exp: 1_800_000_000 }), exact)).toBe('session_expired');
    expect(await judge(sign({ iat: 1_800_000_001 }), exact)).toBe('session_invalid');
    expect(await judge(sign({ iat: 1_799_999_940 }), exact)).toBe('believed');
    expect(await judge(sign({ iat: 1_799_999_939 }), exact)).toBe('session_expired');
    const wide = { clockTolerance: '60s' };
    expect(await judge(sign({ exp: 1_799_999_941 }), wide)).toBe('believed');
    expect(await judge(sign({ exp: 1_799_999_940 }), wide)).toBe('session_expired');
  });

  test('a session that was believed is refused once its time has passed', async () => {
    const verify = verifier();
    const token = sign({ exp: nowSeconds() + 60 });
    expect(await outcome(verify(bearer(token)))).toBe('believed');
    vi.setSystemTime(Date.now() + 65_000);
    expect(await outcome(verify(bearer(token)))).toBe('session_expired');
  });
});

describe('audience', () => {
  const list = { audience: ['analytics', 'reports'] };
  test.each<[unknown, Record<string, unknown>, string]>([
    ['analytics', {}, 'believed'],
    [['billing', 'analytics'], {}, 'believed'],
    ['reports', list, 'believed'],
    [['reports'], list, 'believed'],
    ['billing', {}, 'session_invalid'],
    ['billing', list, 'session_invalid'],
    [['billing'], {}, 'session_invalid'],
    [[], {}, 'session_invalid'],
    ['', {}, 'session_invalid'],
    ['Analytics', {}, 'session_invalid'],
    [undefined, {}, 'session_invalid'],
    [null, {}, 'session_invalid'],
    [{ analytics: true }, {}, 'session_invalid'],
  ])('aud %j under %j is %s', async (aud, fields, expected) => {
    expect(await judge(sign({ aud }), fields)).toBe(expected);
  });

  test('without an audience, require decides alone', async () => {
    const fields = { audience: undefined, require: ['claims.azp == "web"'] };
    expect(await judge(sign({ aud: undefined, azp: 'web' }), fields)).toBe('believed');
    expect(await judge(sign({ aud: 'billing', azp: 'web' }), fields)).toBe('believed');
    expect(await judge(sign({ aud: undefined }), fields)).toBe('session_invalid');
  });
});

test.each<[string, string]>([
  ['true', 'believed'],
  ['claims.verified == true', 'believed'],
  ['tenant == "acme" && user == "ada" && issuer == "https://login.example.com/"', 'believed'],
  ['false', 'session_invalid'],
  ['claims.missing == true', 'session_invalid'],
  ['claims.verified == "true"', 'session_invalid'],
  ['"true"', 'session_invalid'],
  ['1', 'session_invalid'],
  ['claims', 'session_invalid'],
  ['null', 'session_invalid'],
  ['claims.sub + 1', 'session_invalid'],
  ['1 / 0 == 1', 'session_invalid'],
])('what `require` demands must be true and nothing else: %s', async (expression, expected) => {
  expect(await judge(sign({ verified: true }), { require: ['true', expression] })).toBe(expected);
});

const notNames: readonly unknown[] = [
  undefined,
  null,
  '',
  ' ',
  '\t\n',
  '\u00a0',
  'acme\u0000',
  'ac\nme',
  'acme\u009f',
  'acme\ud800',
  '\u200b',
  '\u200b\u2060\ufeff',
  '\u3164',
  '\u2800',
  '\ufe0f',
  'acme\u202e',
  'ac\u2066me',
  'acme\u2028',
  'acme\u{e0061}',
  7,
  true,
  ['acme'],
  { id: 'acme' },
];

test.each(notNames)(
  'a tenant or user that is missing, blank or no plain text is refused: %j',
  async (value) => {
    expect(await judge(sign({ org: value }))).toBe('session_invalid');
    expect(await judge(sign({ sub: value }))).toBe('session_invalid');
  },
);

test('tenant and user are what the entry’s expressions give', async () => {
  const fields = { tenant: 'claims["https://example.com/org"].id', user: 'claims.email.lowerAscii()' };
  const token = sign({ 'https://example.com/org': { id: 'globex' }, email: 'Ada@Example.com' });
  const session = await verifier([entry(fields)])(bearer(token));
  expect(session).toMatchObject({ issuer, tenant: 'globex', user: 'ada@example.com' });
});

describe('the form of a token', () => {
  const withExtra = (extra: string): string =>
    signBytes(JSON.stringify(claims()).replace(/^\{/, `{${extra},`));

  test.each([
    '"__proto__":{"org":"x"}',
    '"constructor":1',
    '"prototype":null',
    '"\\u005f_proto__":1',
    '"nested":{"__proto__":1}',
    '"nested":{"constructor":{}}',
    '"nested":[{"deep":{"prototype":1}}]',
  ])('a claim named like a part of an object’s prototype refuses the token: %s', async (extra) => {
    expect(await judge(withExtra(extra))).toBe('session_invalid');
  });

  test('such a name as a value is only a text', async () => {
    expect(await judge(withExtra('"role":"__proto__","list":["constructor"]'))).toBe('believed');
  });

  test.each([
    '"org":"globex"',
    '"\\u006frg":"globex"',
    '"nested":{"a":1,"a":2}',
    '"nested":[{"a":1,"\\u0061":1}]',
  ])('a name that stands twice in one object refuses the token: %s', async (extra) => {
    expect(await judge(withExtra(extra))).toBe('session_invalid');
  });

  test.each(['9007199254740993', '1e21', '1e400'])(
    'a number that would be rounded, perhaps to another tenant, refuses the token: %s',
    async (number) => {
      const fields = { tenant: 'string(claims.account)' };
      expect(await judge(withExtra(`"account":${number}`), fields)).toBe('session_invalid');
    },
  );

  test('one name in two objects is fine', async () => {
    expect(await judge(withExtra('"a":{"x":1},"b":[{"x":1},{"x":"x"}],"x":{"a":"{\\"x\\":1}"}'))).toBe(
      'believed',
    );
  });

  test.each<[string, string | Uint8Array]>([
    ['a byte-order mark', `\ufeff${JSON.stringify(claims())}`],
    ['bytes that are not UTF-8', Buffer.concat([Buffer.from(JSON.stringify(claims())), Buffer.from([0xff])])],
    ['a name cut in UTF-8', Buffer.from(JSON.stringify(claims({ name: 'é' })), 'latin1')],
    ['text after the object', `${JSON.stringify(claims())}{}`],
    ['a list', JSON.stringify([claims()])],
    ['a text', JSON.stringify('claims')],
    ['null', 'null'],
    ['nothing', ''],
    ['UTF-16', Buffer.from(JSON.stringify(claims()), 'utf16le')],
    ['JSON with a comment', `${JSON.stringify(claims())}//`],
    ['objects nested past all use', `{"a":${'['.repeat(100)}${']'.repeat(100)}}`],
  ])('a payload that is %s refuses the token', async (_case, payload) => {
    expect(await judge(signBytes(payload))).toBe('session_invalid');
  });

  test.each<[string, string | Uint8Array]>([
    ['alg twice', '{"alg":"none","alg":"HS256"}'],
    ['alg twice, once escaped', '{"\\u0061lg":"none","alg":"HS256"}'],
    ['the name of a prototype', '{"alg":"HS256","__proto__":{"alg":"none"}}'],
    ['a byte-order mark', '\ufeff{"alg":"HS256"}'],
    ['bytes that are not UTF-8', Buffer.from('{"alg":"HS256","kid":"é"}', 'latin1')],
    ['a list', '[{"alg":"HS256"}]'],
    ['b64 false', '{"alg":"HS256","b64":false}'],
    ['b64 zero', '{"alg":"HS256","b64":0}'],
    ['b64 null', '{"alg":"HS256","b64":null}'],
    ['b64 a text', '{"alg":"HS256","b64":"false"}'],
    ['zip', '{"alg":"HS256","zip":"DEF"}'],
    ['enc', '{"alg":"HS256","enc":"A256GCM"}'],
    ['no alg', '{}'],
    ['a list as alg', '{"alg":["HS256"]}'],
    ['null as alg', '{"alg":null}'],
    ['alg in lower case', '{"alg":"hs256"}'],
    ['alg in mixed case', '{"alg":"Hs256"}'],
    ['alg with a space', '{"alg":"HS256 "}'],
    ['a number as kid', '{"alg":"HS256","kid":1}'],
    ['null as kid', '{"alg":"HS256","kid":null}'],
    ['a list as kid', '{"alg":"HS256","kid":["1"]}'],
    ['a name twice, deep inside', '{"alg":"HS256","jwk":{"kty":"oct","kty":"RSA"}}'],
    ['the name of a prototype, deep inside', '{"alg":"HS256","jwk":{"constructor":1}}'],
  ])('a header with %s refuses the token', async (_case, header) => {
    const payload = JSON.stringify(claims());
    expect(await judge(signBytes(payload, { header: '{"alg":"HS256"}' }))).toBe('believed');
    expect(await judge(signBytes(payload, { header }))).toBe('session_invalid');
  });

  test.each<[string, Record<string, unknown>, string]>([
    ['{"alg":"HS256","typ":"JWT"}', {}, 'believed'],
    ['{"alg":"HS256","typ":"at+jwt"}', {}, 'believed'],
    ['{"alg":"HS256","typ":"application/at+jwt"}', {}, 'believed'],
    ['{"alg":"HS256","typ":"acme-session+jwt"}', { events: 'a claim of the host’s own' }, 'believed'],
    ['{"alg":"HS256","typ":"logout+jwt"}', {}, 'session_invalid'],
    ['{"alg":"HS256","typ":"application/Logout+JWT"}', {}, 'session_invalid'],
    ['{"alg":"HS256","typ":"secevent+jwt"}', {}, 'session_invalid'],
    ['{"alg":"HS256","typ":"token-introspection+jwt"}', {}, 'session_invalid'],
    ['{"alg":"HS256","typ":["logout+jwt"]}', {}, 'session_invalid'],
    [
      '{"alg":"HS256","typ":"JWT"}',
      { events: { 'http://schemas.openid.net/event/backchannel-logout': {} } },
      'session_invalid',
    ],
  ])('what an issuer signs for another purpose is no session: %s %j', async (header, fields, expected) => {
    expect(await judge(signBytes(JSON.stringify(claims(fields)), { header }))).toBe(expected);
  });

  test('base64url that another decoder might read otherwise refuses the token', async () => {
    const token = sign();
    const [header = '', payload = '', signature = ''] = token.split('.');
    const last = signature.at(-1) ?? '';
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const looseBits = `${signature.slice(0, -1)}${alphabet[alphabet.indexOf(last) + 1] ?? ''}`;
    expect(Buffer.from(looseBits, 'base64url')).toEqual(Buffer.from(signature, 'base64url'));
    const forms = [
      `${header}.${payload}.${looseBits}`,
      `${header}.${payload}.${signature}=`,
      `${header}.${payload} .${signature}`,
      `${header}\t.${payload}.${signature}`,
      `${header}.${payload}.${signature}.`,
      `.${header}.${payload}.${signature}`,
      `${header}.${payload}.${Buffer.from(signature, 'base64url').toString('base64')}`,
      `${header}..${signature}`,
      `.${payload}.${signature}`,
      `${header}.${payload}.`,
    ];
    expect(await judge(token)).toBe('believed');
    for (const form of forms) expect(await judge(form), form).toBe('session_invalid');
  });

  test('a token may have 16,384 characters and not one more', async () => {
    const sized = (length: number): string => {
      const base = sign({ pad: '' }).length;
      const pad = Math.floor(((length - base) * 3) / 4);
      return sign({ pad: 'x'.repeat(pad) });
    };
    const fits = sized(16_384);
    expect(fits.length).toBeGreaterThan(16_380);
    expect(await judge(fits)).toBe('believed');
    const over = sized(16_390);
    expect(over.length).toBeGreaterThan(16_384);
    expect(await judge(over)).toBe('session_invalid');
    expect(await judge('a.'.repeat(500_000))).toBe('session_invalid');
  });

  test('any bytes are refused and nothing else happens', async () => {
    const verify = verifier();
    const text = fc.oneof(
      fc.string({ maxLength: 200 }),
      fc
        .array(fc.uint8Array({ maxLength: 40 }).map(encode), { minLength: 1, maxLength: 6 })
        .map((parts) => parts.join('.')),
      fc.json().map((payload) => signBytes(payload)),
      fc.json().map((header) => `${encode(header)}.${encode(JSON.stringify(claims()))}.AAAA`),
      fc.uint8Array({ maxLength: 60 }).map((payload) => signBytes(payload, { key: secret })),
    );
    await fc.assert(
      fc.asyncProperty(text, async (token) => {
        const found = await outcome(verify(bearer(token)));
        expect(['session_invalid', 'session_missing']).toContain(found);
      }),
      { numRuns: 300 },
    );
  });
});

/** Maps back into plain JSON, to hold them against what was signed. */
function plain(value: Value): unknown {
  if (value instanceof Map)
    return Object.fromEntries([...value].map(([name, item]) => [name, plain(item as Value)]));
  return Array.isArray(value) ? value.map(plain) : value;
}

test('claims come out as maps all the way down, and equal what was signed', async () => {
  const verify = verifier();
  const name = fc
    .string({ minLength: 1 })
    .filter((text) => !['__proto__', 'constructor', 'prototype'].includes(text));
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom<unknown>(
        null,
        true,
        false,
        0,
        1.5,
        -7,
        2 ** 53 - 1,
        'plain',
        'ünïcode ✓',
        '\u2028',
        '',
      ),
      fc.string(),
      fc.array(tie('tree'), { maxLength: 4 }),
      fc
        .uniqueArray(fc.tuple(name, tie('tree')), { maxLength: 4, selector: ([key]) => key })
        .map((pairs) => Object.fromEntries(pairs)),
    ),
  }));
  await fc.assert(
    fc.asyncProperty(tree, async (value) => {
      const signed = claims({ value });
      const session = await verify(bearer(signBytes(JSON.stringify(signed))));
      expect(session.claims).toBeInstanceOf(Map);
      expect(plain(session.claims)).toEqual(JSON.parse(JSON.stringify(signed)));
      const copy = session.claims.get('value');
      if (typeof copy === 'object' && copy !== null && !Array.isArray(copy)) expect(copy).toBeInstanceOf(Map);
    }),
    { numRuns: 100 },
  );
});
