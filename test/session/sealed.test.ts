import { encode } from '../support/auth-core.ts';
import fc from 'fast-check';
import { CompactEncrypt, compactDecrypt } from 'jose';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { authSecret, authSecretOld, nextAuthKey, sealBytes, type SealOptions } from '../support/seal.ts';
import { bearer, cookie, credentials, nowSeconds, outcome, sealedVerifier, sign } from './support.ts';

const name = 'next-auth.session-token';
const entry = {
  tokens: [`cookie:${name}`],
  keys: { sealed: { format: 'next-auth', secret: '${env:AUTH_SECRET}' } },
};
const auth0Entry = {
  ...entry,
  keys: { sealed: { format: 'nextjs-auth0', secret: '${env:AUTH_SECRET}' } },
  user: 'claims.user.sub',
  tenant: 'claims.user.org_id',
};
const auth0 = { info: 'JWE CEK' };

function claims(fields: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  const now = nowSeconds();
  return { sub: 'ada', tenant: 'acme', iat: now, exp: now + 300, jti: 'one', ...fields };
}

function seal(fields: Readonly<Record<string, unknown>> = {}, options: SealOptions = {}): string {
  return sealBytes(JSON.stringify(claims(fields)), options);
}

function judge(
  token: string,
  fields: Readonly<Record<string, unknown>> = {},
  env?: Readonly<Record<string, string>>,
): Promise<string> {
  return outcome(sealedVerifier([{ ...entry, ...fields }], env)(cookie(`${name}=${token}`)));
}

describe('only what the library writes is opened', () => {
  it('the right form is', async () => {
    expect(await judge(seal())).toBe('believed');
  });

  it.each<[string, object | string]>([
    ['another alg', { alg: 'A256KW', enc: 'A256GCM' }],
    ['an alg by password', { alg: 'PBES2-HS256+A128KW', enc: 'A256GCM', p2c: 2_000_000_000, p2s: 'AAAA' }],
    ['an alg by public key', { alg: 'ECDH-ES', enc: 'A256GCM', epk: { kty: 'EC' } }],
    ['alg none', { alg: 'none', enc: 'A256GCM' }],
    ['alg in capitals', { alg: 'DIR', enc: 'A256GCM' }],
    ['no alg', { enc: 'A256GCM' }],
    ['another enc', { alg: 'dir', enc: 'A128GCM' }],
    ['an enc of another format', { alg: 'dir', enc: 'A256CBC-HS512' }],
    ['no enc', { alg: 'dir' }],
    ['a list as enc', { alg: 'dir', enc: ['A256GCM'] }],
    ['zip', { alg: 'dir', enc: 'A256GCM', zip: 'DEF' }],
    ['an empty zip', { alg: 'dir', enc: 'A256GCM', zip: '' }],
    ['crit', { alg: 'dir', enc: 'A256GCM', crit: ['exp'], exp: 1 }],
    ['an empty crit', { alg: 'dir', enc: 'A256GCM', crit: [] }],
    ['the iat of nextjs-auth0 3', { alg: 'dir', enc: 'A256GCM', iat: 1_700_000_000 }],
    ['a key of its own', { alg: 'dir', enc: 'A256GCM', jwk: { kty: 'oct', k: 'AAAA' } }],
    ['an address of keys', { alg: 'dir', enc: 'A256GCM', jku: 'http://127.0.0.1:1/' }],
    ['a kid of another key', { alg: 'dir', enc: 'A256GCM', kid: 'AAAA' }],
    ['a kid that is no text', { alg: 'dir', enc: 'A256GCM', kid: null }],
    ['alg twice', '{"alg":"none","alg":"dir","enc":"A256GCM"}'],
    ['a prototype’s name', '{"alg":"dir","enc":"A256GCM","__proto__":{}}'],
    ['a byte-order mark', '\ufeff{"alg":"dir","enc":"A256GCM"}'],
    ['a list', '[{"alg":"dir","enc":"A256GCM"}]'],
    ['no JSON', 'alg=dir'],
  ])('a header with %s is refused, though the secret sealed it', async (_, header) => {
    expect(await judge(seal({}, { header }))).toBe('session_invalid');
  });

  it.each([
    { alg: 'A256KW', enc: 'A256GCM' },
    { alg: 'A256GCMKW', enc: 'A256GCM' },
    { alg: 'dir', enc: 'A128CBC-HS256' },
  ])('nor is what the same key can open in another way: %j', async (header) => {
    const text = new TextEncoder().encode(JSON.stringify(claims()));
    const token = await new CompactEncrypt(text).setProtectedHeader(header).encrypt(nextAuthKey());
    expect((await compactDecrypt(token, nextAuthKey())).plaintext).toEqual(text);
    expect(await judge(token)).toBe('session_invalid');
  });

  it('any other part missing, swapped, cut, grown or padded is refused', async () => {
    const cbcName = 'authjs.session-token';
    const cbc = await encode({ token: { sub: 'ada', tenant: 'acme' }, secret: authSecret, salt: cbcName });
    const other = await encode({
      token: { sub: 'eve', tenant: 'globex' },
      secret: authSecret,
      salt: cbcName,
    });
    const verify = sealedVerifier([entry, { name: 'current' }]);
    for (const [place, good, second] of [
      [name, seal(), seal({ sub: 'eve', tenant: 'globex' })],
      [cbcName, cbc, other],
    ] as const) {
      const judged = (token: string): Promise<string> => outcome(verify(cookie(`${place}=${token}`)));
      expect([await judged(good), await judged(second)]).toEqual(['believed', 'believed']);
      const parts = good.split('.');
      const seconds = second.split('.');
      const forms = parts.flatMap((part, at) => [
        [...parts.slice(0, at), ...parts.slice(at + 1)], // cut out
        parts.with(at, ''),
        parts.with(at, part.slice(0, -1)),
        parts.with(at, part.slice(0, -4)),
        parts.with(at, part.slice(4)),
        parts.with(at, `${part}A`),
        parts.with(at, `${part}AAAA`),
        parts.with(at, `AAAA${part}`),
        parts.with(at, `${part}=`),
        parts.with(at, `${part}==`),
        parts.with(at, `${part}\u00e9`),
        parts.with(at, Buffer.from(part, 'base64url').toString('base64') + '='),
        parts.with(at, parts[(at + 1) % 5] ?? ''),
        [...parts.slice(0, at), '', ...parts.slice(at)],
      ]);
      // of two cookies of one host: the initial value, the text or the tag of the other
      for (const at of [2, 3, 4]) forms.push(parts.with(at, seconds[at] ?? ''));
      forms.push(parts.toReversed(), [...parts, 'AAAA'], parts.slice(0, 3), [parts.join('')]);
      const changed = forms.map((form) => form.join('.')).filter((token) => token !== good);
      expect(changed.length).toBeGreaterThan(65);
      for (const token of changed) {
        expect(['session_invalid', 'session_missing'], token).toContain(await judged(token));
      }
    }
  });

  it('a tag cut short, or zeros in its place, is refused', async () => {
    const [header = '', , initial = '', text = '', tag = ''] = seal().split('.');
    const bytes = Buffer.from(tag, 'base64url');
    for (const forged of [...[4, 8, 12, 15].map((length) => bytes.subarray(0, length)), Buffer.alloc(16)]) {
      const token = [header, '', initial, text, forged.toString('base64url')].join('.');
      expect(await judge(token)).toBe('session_invalid');
    }
  });

  it('base64url whose unused bits are set is refused', async () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const parts = seal().split('.');
    const tag = parts[4] ?? '';
    const loose = tag.slice(0, -1) + (alphabet[alphabet.indexOf(tag.at(-1) ?? '') + 1] ?? '');
    expect(Buffer.from(loose, 'base64url')).toEqual(Buffer.from(tag, 'base64url'));
    expect(await judge(parts.with(4, loose).join('.'))).toBe('session_invalid');
  });

  it('no single changed byte of a cookie passes', async () => {
    const cbcName = 'authjs.session-token';
    const good: Readonly<Record<string, string>> = {
      [name]: seal(),
      [cbcName]: await encode({ token: { sub: 'ada', tenant: 'acme' }, secret: authSecret, salt: cbcName }),
    };
    const verify = sealedVerifier([entry, { name: 'current' }]);
    for (const [place, token] of Object.entries(good)) {
      expect(await outcome(verify(cookie(`${place}=${token}`)))).toBe('believed');
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 0, max: token.length - 1 }),
          fc.integer({ min: 1, max: 255 }),
          async (at, byte) => {
            fc.pre(token.charCodeAt(at) !== byte);
            const changed = token.slice(0, at) + String.fromCharCode(byte) + token.slice(at + 1);
            const found = await outcome(verify(cookie(`${place}=${changed}`)));
            expect(['session_invalid', 'session_missing']).toContain(found);
          },
        ),
        { numRuns: 500, seed: 20_261_120 },
      );
    }
  });
});

describe('the key is the one that the format derives from the configured secret', () => {
  it.each<[string, SealOptions]>([
    ['another secret', { secret: authSecretOld }],
    ['the secret with a line break', { secret: `${authSecret}\n` }],
    ['the secret decoded', { secret: Buffer.from(authSecret, 'base64').toString('latin1') }],
    ['the info of another library', { info: 'JWE CEK' }],
    ['no info', { info: '' }],
    ['a salt', { salt: name }],
  ])('%s: refused', async (_, options) => {
    expect(await judge(seal({}, options))).toBe('session_invalid');
  });

  it('a cookie of another format opens in no entry but its own', async () => {
    const token = seal();
    expect(await judge(token, { keys: { sealed: { format: 'authjs', secret: '${env:AUTH_SECRET}' } } })).toBe(
      'session_invalid',
    );
    expect(await judge(token, auth0Entry)).toBe('session_invalid');
  });

  it('several secrets are tried in turn while there is no kid', async () => {
    const secret = ['${env:AUTH_SECRET_OLD}', '${env:AUTH_SECRET}'];
    const rotating = { keys: { sealed: { format: 'next-auth', secret } } };
    expect(await judge(seal(), rotating)).toBe('believed');
    expect(await judge(seal({}, { secret: authSecretOld }), rotating)).toBe('believed');
    expect(await judge(seal({}, { secret: `${authSecret}x` }), rotating)).toBe('session_invalid');
  });
});

describe('what a cookie holds is held to the rules of claims', () => {
  const withExtra = (extra: string): string =>
    sealBytes(JSON.stringify(claims()).replace(/^\{/, `{${extra},`));

  it.each<[string, string | Uint8Array]>([
    ['nothing', ''],
    ['a list', JSON.stringify([claims()])],
    ['a text', JSON.stringify('claims')],
    ['a number', '7'],
    ['null', 'null'],
    ['no JSON', 'claims'],
    ['text after the object', `${JSON.stringify(claims())}{}`],
    ['a byte-order mark', `\ufeff${JSON.stringify(claims())}`],
    ['bytes that are not UTF-8', Buffer.concat([Buffer.from(JSON.stringify(claims())), Buffer.from([0xff])])],
    ['a name cut in UTF-8', Buffer.from(JSON.stringify(claims({ name: 'é' })), 'latin1')],
    ['another token', sign()],
    ['another sealed cookie', seal()],
  ])('%s is no session', async (_, payload) => {
    expect(await judge(sealBytes(payload))).toBe('session_invalid');
  });

  it.each([
    '"__proto__":{"tenant":"globex"}',
    '"nested":{"__proto__":1}',
    '"nested":[{"deep":{"constructor":{"prototype":1}}}]',
    '"\\u005f_proto__":1',
    '"tenant":"globex"',
    '"nested":{"a":1,"a":2}',
    '"account":9007199254740993',
    '"account":1e400',
    `"deep":${'['.repeat(100)}${']'.repeat(100)}`,
  ])('%s is refused', async (extra) => {
    expect(await judge(withExtra(extra))).toBe('session_invalid');
  });

  it('require, tenant and user decide as for every session', async () => {
    expect(await judge(seal({ verified: true }), { require: ['claims.verified == true'] })).toBe('believed');
    expect(await judge(seal(), { require: ['claims.verified == true'] })).toBe('session_invalid');
    expect(await judge(seal(), { require: ['issuer == "storefront"'] })).toBe('believed');
    for (const value of [undefined, null, '', ' ', 7, ['acme']]) {
      expect(await judge(seal({ tenant: value }))).toBe('session_invalid');
      expect(await judge(seal({ sub: value }))).toBe('session_invalid');
    }
  });

  it('an iss in it is only a claim', async () => {
    const verify = sealedVerifier([
      entry,
      { issuer: 'https://login.example.com/', audience: 'a', ...signed },
    ]);
    const session = await verify(cookie(`${name}=${seal({ iss: 'https://login.example.com/' })}`));
    expect(session.issuer).toBe('storefront');
  });
});

const signed = { tokens: ['bearer'], keys: { secret: '${env:SESSION_SECRET}' } };

describe('times', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_800_000_000_000 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['no exp', { exp: undefined }, 'session_invalid'],
    ['no iat', { iat: undefined }, 'session_invalid'],
    ['exp as a text', { exp: '1900000000' }, 'session_invalid'],
    ['exp null', { exp: null }, 'session_invalid'],
    ['exp in fractions', { exp: 1_800_000_100.5 }, 'session_invalid'],
    ['iat as a text', { iat: '1800000000' }, 'session_invalid'],
    ['nbf as a text', { nbf: '0' }, 'session_invalid'],
    ['expired long ago', { exp: 1_799_990_000 }, 'session_expired'],
    ['exp 0', { exp: 0 }, 'session_expired'],
    ['a negative exp', { exp: -1 }, 'session_invalid'],
    ['expired 14 s ago, within the tolerance', { exp: 1_799_999_986 }, 'believed'],
    ['expired 15 s ago, at the tolerance', { exp: 1_799_999_985 }, 'session_expired'],
    ['issued 15 s in the future', { iat: 1_800_000_015 }, 'believed'],
    ['issued 16 s in the future', { iat: 1_800_000_016 }, 'session_invalid'],
    ['not before 15 s from now', { nbf: 1_800_000_015 }, 'believed'],
    ['not before 16 s from now', { nbf: 1_800_000_016 }, 'session_invalid'],
    ['issued a day and the tolerance ago', { iat: 1_800_000_000 - 86_415 }, 'believed'],
    ['issued longer ago than maxAge', { iat: 1_800_000_000 - 86_416 }, 'session_expired'],
  ])('%s', async (_, fields, expected) => {
    expect(await judge(seal(fields))).toBe(expected);
  });

  it('clockTolerance and maxAge are the entry’s own', async () => {
    const exact = { clockTolerance: '0s', maxAge: '30d' };
    expect(await judge(seal({ exp: 1_800_000_000 }), exact)).toBe('session_expired');
    expect(await judge(seal({ exp: 1_800_000_001, iat: 1_800_000_000 - 2_592_000 }), exact)).toBe('believed');
    expect(await judge(seal({ iat: 1_800_000_000 - 2_592_001 }), exact)).toBe('session_expired');
  });

  it.each<[string, unknown, string]>([
    ['now', { createdAt: 1_800_000_000 }, 'believed'],
    ['a day ago', { createdAt: 1_800_000_000 - 86_400 }, 'believed'],
    ['longer ago than maxAge', { createdAt: 1_800_000_000 - 86_416 }, 'session_expired'],
    ['in the future', { createdAt: 1_800_000_016 }, 'session_invalid'],
    ['as a text', { createdAt: '1800000000' }, 'session_invalid'],
    ['nowhere', {}, 'session_invalid'],
    ['in a cookie of a sign-in under way', undefined, 'session_invalid'],
    ['in a list', [{ createdAt: 1_800_000_000 }], 'session_invalid'],
  ])('nextjs-auth0 says when a session was made: %s', async (_, internal, expected) => {
    const user = { sub: 'auth0|ada', org_id: 'acme' };
    const payload = { user, internal, exp: 1_800_000_300 };
    expect(await judge(sealBytes(JSON.stringify(payload), auth0), auth0Entry)).toBe(expected);
  });
});

describe('a sealed cookie among other tokens', () => {
  const entries = [
    entry,
    { issuer: 'https://login.example.com/', ...signed, audience: 'analytics', tenant: 'claims.org' },
  ];
  const sealedCookie = `${name}=${seal()}`;

  it('each is believed alone', async () => {
    const verify = sealedVerifier(entries);
    expect(await verify(cookie(sealedCookie))).toMatchObject({ issuer: 'storefront', user: 'ada' });
    expect(await verify(bearer(sign()))).toMatchObject({ issuer: 'https://login.example.com/', user: 'ada' });
  });

  it('both together are nobody’s session', async () => {
    const both = credentials({ authorization: [`Bearer ${sign()}`], cookie: sealedCookie });
    expect(await outcome(sealedVerifier(entries)(both))).toBe('session_ambiguous');
  });

  it('it is believed in its cookie alone', async () => {
    const verify = sealedVerifier(entries);
    const token = seal();
    expect(await outcome(verify(bearer(token)))).toBe('session_invalid');
    const both = credentials({ authorization: [`Bearer ${token}`], cookie: `${name}=${token}` });
    expect(await outcome(verify(both))).toBe('session_invalid');
  });

  it('a signed token is never believed in its place, whatever its iss', async () => {
    const verify = sealedVerifier(entries);
    for (const iss of ['https://login.example.com/', 'storefront', name]) {
      expect(await outcome(verify(cookie(`${name}=${sign({ iss })}`)))).toBe('session_invalid');
      if (iss === 'storefront') expect(await outcome(verify(bearer(sign({ iss }))))).toBe('session_invalid');
    }
  });

  it('it needs to come from an allowed origin, as every cookie', async () => {
    const verify = sealedVerifier(entries);
    expect(await outcome(verify(credentials({ cookie: sealedCookie })))).toBe('origin_denied');
    const evil = credentials({ cookie: sealedCookie, origin: 'https://evil.example.net' });
    expect(await outcome(verify(evil))).toBe('origin_denied');
  });

  it('two entries with one secret do not take each other’s cookies for their own', async () => {
    const verify = sealedVerifier([entry, { ...entry, name: 'other', tokens: ['cookie:other'] }]);
    const session = await verify(cookie(`other=${seal()}`));
    expect(session.issuer).toBe('other');
    expect(await outcome(verify(cookie(`other=${seal()}; ${sealedCookie}`)))).toBe('session_ambiguous');
    const one = seal();
    expect(await outcome(verify(cookie(`other=${one}; ${name}=${one}`)))).toBe('session_invalid');
  });
});
