import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { createIssuers, createVerifySession } from '../../src/session/verify.ts';
import { createSelfSigned } from '../support/certificates.ts';
import { startFakeProvider, type FakeProvider } from '../support/fake-provider.ts';
import { bearer, claims, encode, entry, outcome, readSessions } from './support.ts';

interface Pair {
  readonly privateKey: KeyObject;
  readonly jwk: JsonWebKey;
}

const rsa = (modulusLength = 2048, publicExponent = 65_537): Pair =>
  pair(generateKeyPairSync('rsa', { modulusLength, publicExponent }));
const ec = (namedCurve: string): Pair => pair(generateKeyPairSync('ec', { namedCurve }));

function pair({ publicKey, privateKey }: { publicKey: KeyObject; privateKey: KeyObject }): Pair {
  return { privateKey, jwk: publicKey.export({ format: 'jwk' }) };
}

const good = rsa();
const other = rsa();
const p256 = ec('P-256');
const p384 = ec('P-384');

let server: FakeProvider;

beforeAll(async () => {
  server = await startFakeProvider();
});

afterAll(() => server.stop());

/** Signs with node:crypto, which unlike jose does so with weak keys too. */
function signed(key: KeyObject, header: object): string {
  const input = `${encode(JSON.stringify({ alg: 'RS256', ...header }))}.${encode(JSON.stringify(claims()))}`;
  const signature = sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' });
  return `${input}.${encode(signature)}`;
}

interface Published {
  readonly judge: (token: string) => Promise<string>;
  /** What was told of ignored keys, one item for each time. */
  readonly ignored: readonly (readonly string[])[];
  readonly refresh: () => Promise<void>;
  readonly failure: () => string | undefined;
}

/** An issuer whose key server answers this. */
function publish(document: unknown, algorithms: readonly string[] = ['RS256', 'ES256', 'ES384']): Published {
  server.answer({ status: 200, body: JSON.stringify(document) });
  const ignored: (readonly string[])[] = [];
  const config = entry({ keys: { jwks: `${server.origin}/jwks` }, algorithms });
  const issuers = createIssuers(readSessions([config]), (_issuer, reasons) => ignored.push(reasons));
  const verify = createVerifySession(issuers, []);
  return {
    judge: (token) => outcome(verify(bearer(token))),
    ignored,
    refresh: async () => {
      await issuers[0]?.keys.refreshWhenDue();
    },
    failure: () => issuers[0]?.keys.failure(),
  };
}

describe('a key verifies only what it is published for', () => {
  test.each<[string, object, string]>([
    ['nothing else', {}, 'believed'],
    ['its algorithm', { alg: 'RS256' }, 'believed'],
    ['use sig', { use: 'sig' }, 'believed'],
    ['key_ops verify', { key_ops: ['verify'] }, 'believed'],
    [
      'a certificate that nobody looks at',
      { x5c: ['AAAA'], x5t: 'x', x5u: 'http://127.0.0.1:1/' },
      'believed',
    ],
    ['another algorithm of its kind', { alg: 'RS384' }, 'session_invalid'],
    ['the other RSA padding', { alg: 'PS256' }, 'session_invalid'],
    ['an algorithm of another kind', { alg: 'ES256' }, 'session_invalid'],
    ['an algorithm for encryption', { alg: 'RSA-OAEP' }, 'session_invalid'],
    ['alg null', { alg: null }, 'session_invalid'],
    ['use enc', { use: 'enc' }, 'session_invalid'],
    ['use null', { use: null }, 'session_invalid'],
    ['key_ops sign', { key_ops: ['sign'] }, 'session_invalid'],
    ['no key_ops', { key_ops: [] }, 'session_invalid'],
    ['key_ops as a text', { key_ops: 'verify' }, 'session_invalid'],
    ['key_ops twice', { key_ops: ['verify', 'verify'] }, 'session_invalid'],
    ['a kid that is no text', { kid: 1 }, 'session_invalid'],
    ['another kid', { kid: 'A' }, 'session_invalid'],
    ['no kid', { kid: undefined }, 'session_invalid'],
    ['another type', { kty: 'EC' }, 'session_invalid'],
    ['an unknown type', { kty: 'XYZ' }, 'session_invalid'],
    ['no type', { kty: undefined }, 'session_invalid'],
    ['no modulus', { n: undefined }, 'session_invalid'],
    ['a modulus that is no text', { n: 7 }, 'session_invalid'],
  ])('with %s', async (_, fields, expected) => {
    const { judge } = publish({
      keys: [
        { kid: 'a', ...good.jwk, ...fields },
        { kid: 'other', ...other.jwk },
      ],
    });
    expect(await judge(signed(good.privateKey, { kid: 'a' }))).toBe(expected);
    expect(await judge(signed(other.privateKey, { kid: 'other' }))).toBe('believed');
  });

  test('the certificate in a key signs for nothing', async () => {
    const { certificate, privateKey } = createSelfSigned(1);
    const x5c = [certificate.replaceAll(/-----[A-Z ]+-----|\n/g, '')];
    const { judge } = publish({ keys: [{ kid: 'a', ...good.jwk, x5c }] });
    const key = createPrivateKey(privateKey);
    expect(await judge(signed(key, { kid: 'a' }))).toBe('session_invalid');
    expect(await judge(signed(key, { kid: 'a', x5c }))).toBe('session_invalid');
    expect(await judge(signed(good.privateKey, { kid: 'a' }))).toBe('believed');
  });

  test('an EC key verifies the algorithm of its curve alone', async () => {
    const { judge } = publish({
      keys: [
        { kid: '256', ...p256.jwk },
        { kid: '384', ...p384.jwk },
      ],
    });
    expect(await judge(signed(p256.privateKey, { alg: 'ES256', kid: '256' }))).toBe('believed');
    expect(await judge(signed(p384.privateKey, { alg: 'ES256', kid: '384' }))).toBe('session_invalid');
    expect(await judge(signed(p256.privateKey, { alg: 'ES384', kid: '256' }))).toBe('session_invalid');
    const named = publish({
      keys: [
        { ...p384.jwk, alg: 'ES256' },
        { ...p256.jwk, kid: 'other' },
      ],
    });
    expect(await named.judge(signed(p384.privateKey, { alg: 'ES256' }))).toBe('session_invalid');
  });

  test('an EC key whose point is not on its curve is not used', async () => {
    const { judge, ignored } = publish({
      keys: [
        { ...p256.jwk, kid: 'a', y: p256.jwk.x },
        { ...good.jwk, kid: 'b' },
      ],
    });
    expect(await judge(signed(p256.privateKey, { alg: 'ES256', kid: 'a' }))).toBe('session_invalid');
    expect(ignored).toEqual([['key 1 of 2 is not readable']]);
  });
});

describe('a key that is not fit to be believed disables itself alone, and is told of', () => {
  const hmac = 'an HMAC secret in a public place: 32 bytes at least';
  test.each<[string, Pair, object, string]>([
    [
      'an RSA key of 1024 bits',
      rsa(1024),
      {},
      'not an RSA key of at least 2048 bits (RFC 7518, section 3.3)',
    ],
    [
      'an RSA key of 2047 bits',
      rsa(2047),
      {},
      'not an RSA key of at least 2048 bits (RFC 7518, section 3.3)',
    ],
    [
      'an RSA key with exponent 3',
      rsa(2048, 3),
      {},
      'not an RSA key whose exponent is odd and at least 65537 (FIPS 186-5, A.1.1)',
    ],
    [
      'an RSA key with exponent 1',
      good,
      { e: 'AQ' },
      'not an RSA key whose exponent is odd and at least 65537 (FIPS 186-5, A.1.1)',
    ],
    [
      'an RSA key with exponent 65538',
      good,
      { e: 'AQAC' },
      'not an RSA key whose exponent is odd and at least 65537 (FIPS 186-5, A.1.1)',
    ],
    [
      'an RSA key with an exponent of 257 bits',
      good,
      { e: encode(Buffer.from([1, ...Array.from({ length: 31 }, () => 0), 1])) },
      'not an RSA key whose exponent is odd and at least 65537 (FIPS 186-5, A.1.1)',
    ],
    ['a private key', good, good.privateKey.export({ format: 'jwk' }), 'a private key'],
    ['a shared secret', good, { kty: 'oct', k: encode(hmac) }, 'a shared secret'],
    ['a key with a shared secret', good, { k: encode(hmac) }, 'a shared secret'],
  ])('%s', async (_, { privateKey, jwk }, fields, reason) => {
    const { judge, ignored, refresh } = publish({
      keys: [
        { kid: 'good', ...other.jwk },
        { kid: 'weak', ...jwk, ...fields },
      ],
    });
    expect(await judge(signed(privateKey, { kid: 'weak' }))).toBe('session_invalid');
    expect(await judge(signed(other.privateKey, { kid: 'good' }))).toBe('believed');
    await refresh();
    expect(ignored).toEqual([[`key 2 of 2 is ${reason}`]]);
  });

  test('a published shared secret verifies no HMAC', async () => {
    const { judge } = publish({
      keys: [
        { kid: 'a', kty: 'oct', k: encode(hmac) },
        { kid: 'b', ...good.jwk },
      ],
    });
    const input = `${encode('{"alg":"HS256","kid":"a"}')}.${encode(JSON.stringify(claims()))}`;
    const token = `${input}.${createHmac('sha256', hmac).update(input).digest('base64url')}`;
    expect(await judge(token)).toBe('session_invalid');
  });

  test('a key whose kid is no text, for tokens without a kid too', async () => {
    const { judge, ignored } = publish({
      keys: [
        { kid: 1, ...good.jwk },
        { kid: 'b', ...p256.jwk },
      ],
    });
    expect(await judge(signed(good.privateKey, {}))).toBe('session_invalid');
    expect(ignored).toEqual([['key 1 of 2 is one whose kid is no text']]);
  });

  test('keys for other algorithms alone are as good as none', async () => {
    const { judge, ignored, failure } = publish({ keys: [{ ...p256.jwk }, { ...p384.jwk }] }, [
      'RS256',
      'ES512',
    ]);
    expect(await judge(signed(p256.privateKey, { alg: 'ES512' }))).toBe('session_unverifiable');
    expect(failure()).toBe('the answer has no key that may be used');
    expect(ignored).toEqual([]);
  });

  test('keys of other uses are nothing to tell of', async () => {
    const { judge, ignored } = publish({
      keys: [
        { kty: 'OKP', crv: 'X25519', x: encode(Buffer.alloc(32, 9)) },
        { ...rsa(1024).jwk, use: 'enc' },
        { ...rsa(1024).jwk, alg: 'RSA-OAEP' },
        { ...rsa(1024).jwk, key_ops: ['wrapKey'] },
        { kty: 'AKP', pub: 'AAAA' },
        { ...ec('secp256k1').jwk },
        { ...good.jwk },
      ],
    });
    expect(await judge(signed(good.privateKey, {}))).toBe('believed');
    expect(ignored).toEqual([]);
  });

  test('it is told once, and again only when it changes', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'performance'] });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const weak = [{ ...rsa(1024).jwk }, { ...good.jwk }];
    const { ignored, refresh } = publish({ keys: weak });
    const again = async (keys: readonly object[]): Promise<void> => {
      server.answer({ status: 200, body: JSON.stringify({ keys }) });
      vi.advanceTimersByTime(300_000);
      await refresh();
    };
    await refresh();
    await again(weak);
    expect(ignored).toHaveLength(1);
    await again([...weak, { kty: 'oct', k: 'AA' }]);
    expect(ignored).toHaveLength(2);
    await again([{ ...good.jwk }]);
    expect(ignored).toHaveLength(2);
    await again(weak);
    expect(ignored).toHaveLength(3);
  });
});

describe('a token that more than one key might have signed is refused', () => {
  test('two keys of one kid', async () => {
    const { judge } = publish({
      keys: [
        { kid: 'a', ...good.jwk },
        { kid: 'a', ...other.jwk },
      ],
    });
    for (const { privateKey } of [good, other]) {
      expect(await judge(signed(privateKey, { kid: 'a' }))).toBe('session_invalid');
    }
  });

  test('two keys of one kid, but one of them for another use or algorithm', async () => {
    const { judge } = publish({
      keys: [
        { kid: 'a', ...good.jwk },
        { kid: 'a', ...other.jwk, use: 'enc' },
        { kid: 'a', ...p256.jwk },
      ],
    });
    expect(await judge(signed(good.privateKey, { kid: 'a' }))).toBe('believed');
    expect(await judge(signed(p256.privateKey, { kid: 'a', alg: 'ES256' }))).toBe('believed');
    expect(await judge(signed(other.privateKey, { kid: 'a' }))).toBe('session_invalid');
  });

  test('no kid and several keys of its type', async () => {
    const one = publish({
      keys: [
        { kid: 'a', ...good.jwk },
        { kid: 'b', ...p256.jwk },
      ],
    });
    expect(await one.judge(signed(good.privateKey, {}))).toBe('believed');
    const two = publish({
      keys: [
        { kid: 'a', ...good.jwk },
        { kid: 'b', ...other.jwk },
      ],
    });
    expect(await two.judge(signed(good.privateKey, {}))).toBe('session_invalid');
  });
});

describe('a table from kid to certificate is a key set too', () => {
  const createCertified = (days = 2, bits = 2048): { certificate: string; key: KeyObject } => {
    const { certificate, privateKey } = createSelfSigned(days, bits);
    return { certificate, key: createPrivateKey(privateKey) };
  };

  test('each kid verifies by the key of its certificate', async () => {
    const [a, b] = [createCertified(), createCertified()];
    const { judge } = publish({ a: a.certificate, b: b.certificate }, ['RS256']);
    expect(await judge(signed(a.key, { kid: 'a' }))).toBe('believed');
    expect(await judge(signed(b.key, { kid: 'b' }))).toBe('believed');
    expect(await judge(signed(a.key, { kid: 'b' }))).toBe('session_invalid');
    expect(await judge(signed(a.key, { kid: 'c' }))).toBe('session_invalid');
    expect(await judge(signed(a.key, {}))).toBe('session_invalid');
  });

  test('a certificate whose time is over is ignored, and so is a weak key', async () => {
    const [short, long, weak] = [createCertified(1), createCertified(9), createCertified(9, 1024)];
    vi.useFakeTimers({ toFake: ['Date', 'performance'] });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const { judge, ignored, refresh } = publish({
      short: short.certificate,
      long: long.certificate,
      weak: weak.certificate,
    });
    expect(await judge(signed(short.key, { kid: 'short' }))).toBe('believed');
    expect(await judge(signed(weak.key, { kid: 'weak' }))).toBe('session_invalid');
    vi.advanceTimersByTime(2 * 86_400_000);
    await refresh();
    expect(await judge(signed(short.key, { kid: 'short' }))).toBe('session_invalid');
    expect(await judge(signed(long.key, { kid: 'long' }))).toBe('believed');
    expect(ignored.at(-1)).toEqual([
      'key 1 of 3 is an expired certificate',
      'key 3 of 3 is not an RSA key of at least 2048 bits (RFC 7518, section 3.3)',
    ]);
  });

  test('a certificate whose time is to come is ignored until it has', async () => {
    const { certificate, key } = createCertified(9);
    vi.useFakeTimers({ toFake: ['Date', 'performance'] });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    vi.setSystemTime(Date.now() - 2 * 86_400_000);
    const { judge, ignored, refresh } = publish({ a: certificate });
    expect(await judge(signed(key, { kid: 'a' }))).toBe('session_unverifiable');
    expect(ignored).toEqual([['key 1 of 1 is a certificate of a time to come']]);
    vi.advanceTimersByTime(2 * 86_400_000 + 1000);
    await refresh();
    expect(await judge(signed(key, { kid: 'a' }))).toBe('believed');
  });

  test('with anything else in it, it is none', async () => {
    const { certificate, key } = createCertified();
    const publicKey = createPublicKey(certificate).export({ type: 'spki', format: 'pem' }).toString();
    const privateKey = key.export({ type: 'pkcs8', format: 'pem' }).toString();
    const rest = [7, null, '', 'a', [certificate], { certificate }, publicKey, privateKey + certificate];
    const cut = [certificate.slice(0, -40), certificate.replace('MII', 'MIJ'), certificate + certificate];
    for (const value of [...rest, ...cut]) {
      const { judge, failure } = publish({ a: certificate, b: value });
      expect(await judge(signed(key, { kid: 'a' })), JSON.stringify(value)).toBe('session_unverifiable');
      expect(failure()).toBe('the answer is not a key set');
    }
    const { judge, failure } = publish({});
    expect(await judge(signed(key, { kid: 'a' }))).toBe('session_unverifiable');
    expect(failure()).toBe('the answer is not a key set');
  });
});
