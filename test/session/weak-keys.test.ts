import { execFileSync } from 'node:child_process';
import { createPublicKey, generateKeyPairSync, sign, type JsonWebKey, type KeyObject } from 'node:crypto';
import { stringify } from 'yaml';
import { describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config/load.ts';
import { modulusWeakness } from '../../src/config/weak-modulus.ts';
import { readKeySet } from '../../src/session/key-set.ts';
import { certifyKey } from '../support/certificates.ts';
import { honestPrime, nextPrime, rocaPrime, rsaKeyOf } from '../support/weak-rsa.ts';
import { bearer, claims, encode, entry, outcome, verifier } from './support.ts';

const roca = rsaKeyOf(rocaPrime(), rocaPrime());
const near = honestPrime();
const neighbours = rsaKeyOf(near, nextPrime(near));
const square = near ** 2n;
const smallFactor = rsaKeyOf(751n, honestPrime(2048));
const honest = rsaKeyOf(honestPrime(), honestPrime());

const fingerprint = 'it has the ROCA fingerprint (CVE-2017-15361)';
const factor = 'its modulus has a small factor';
const close = 'its primes are close together (CVE-2022-26320)';

const weak: readonly (readonly [string, KeyObject, string])[] = [
  ['of the library with the ROCA flaw', roca, fingerprint],
  ['with a small factor', smallFactor, factor],
  ['whose primes are neighbours', neighbours, close],
];

function publicJwk(key: KeyObject): JsonWebKey {
  return createPublicKey(key).export({ format: 'jwk' });
}

function pemOf(key: KeyObject): string {
  return createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();
}

/** What the loader says of a key in the configuration. */
function problemsOf(pem: string, fields: Readonly<Record<string, unknown>> = {}): readonly string[] {
  const config = stringify({
    sessions: [entry({ keys: { pem }, ...fields })],
    providers: { hex: { kind: 'hex', token: 'token' } },
    embeds: { a: { provider: 'hex', project: '5a8591dd-4039-49df-9202-96385ba3eff8', public: true } },
  });
  const loaded = readConfig('gateway.yaml', config, {});
  return loaded.ok ? [] : loaded.problems.map(({ message }) => message);
}

describe.each(weak)('an RSA key %s', (_, key, why) => {
  test('is refused in the configuration, as a key and as a certificate', () => {
    for (const pem of [pemOf(key), certifyKey(key)]) {
      expect(problemsOf(pem)).toEqual([`the key can be factored: ${why}`]);
      for (const algorithm of ['RS256', 'PS512']) {
        expect(problemsOf(pem, { algorithms: [algorithm] })).toEqual([
          `${algorithm} needs an RSA key that cannot be factored: ${why}`,
        ]);
      }
    }
  });

  test('is ignored in a key set and in a table of certificates, and told of; the others are used', () => {
    const reason = `is not an RSA key that cannot be factored: ${why}`;
    const set = { keys: [{ ...publicJwk(key), kid: 'weak' }, publicJwk(honest)] };
    expect(readKeySet(set, ['RS256'])).toMatchObject({ size: 1, ignored: [`key 1 of 2 ${reason}`] });
    const table = { a: certifyKey(honest), weak: certifyKey(key) };
    expect(readKeySet(table, ['RS256'])).toMatchObject({ size: 1, ignored: [`key 2 of 2 ${reason}`] });
  });
});

test('an honest key of the same making is believed, in each of these places', async () => {
  for (const pem of [pemOf(honest), certifyKey(honest)]) {
    expect(problemsOf(pem)).toEqual([]);
    const input = `${encode('{"alg":"RS256"}')}.${encode(JSON.stringify(claims()))}`;
    const signature = sign('sha256', Buffer.from(input), honest);
    const verify = verifier([entry({ keys: { pem } })]);
    expect(await outcome(verify(bearer(`${input}.${encode(signature)}`)))).toBe('believed');
  }
  expect(readKeySet({ keys: [publicJwk(honest)] }, ['RS256'])).toMatchObject({ size: 1, ignored: [] });
  expect(readKeySet({ a: certifyKey(honest) }, ['RS256'])).toMatchObject({ size: 1, ignored: [] });
});

test('a modulus shows what is wrong with it, whatever its other parts', () => {
  const [p, q] = [honestPrime(), honestPrime()];
  for (const prime of [2n, 3n, 5n, 97n, 167n, 751n]) expect(modulusWeakness(p * prime)).toBe(factor);
  expect(modulusWeakness(p * q * 2n)).toBe(factor);
  expect(modulusWeakness(square)).toBe(close);
  expect(modulusWeakness(rocaPrime() * rocaPrime())).toBe(fingerprint);
  // one such prime alone shows nothing: the other is as random as ever
  expect(modulusWeakness(rocaPrime() * q)).toBeUndefined();
});

test('of thousands of honest moduli none is taken for a weak one', { timeout: 60_000 }, () => {
  const primes = Array.from({ length: 80 }, () => honestPrime());
  const moduli = primes.flatMap((p, at) => primes.slice(at + 1).map((q) => p * q));
  expect(moduli.length).toBeGreaterThan(3000);
  expect(moduli.filter((modulus) => modulusWeakness(modulus) !== undefined)).toEqual([]);
});

test('a random modulus has the fingerprint less than once in a hundred million times', () => {
  const primes = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97,
  ].concat([101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167]);
  const shares = primes.map((prime) => {
    const powers = new Set<number>();
    for (let power = 1; !powers.has(power); power = (power * 65_537) % prime) powers.add(power);
    return powers.size / (prime - 1);
  });
  expect(shares.reduce((all, share) => all * share, 1)).toBeLessThan(1e-8);
});

test('an RSA key too large for any signature to be verified with it is refused', () => {
  const n = encode(Buffer.alloc(2049, 0xff));
  expect(readKeySet({ keys: [{ kty: 'RSA', e: 'AQAB', n }] }, ['RS256'])).toMatchObject({
    size: 0,
    ignored: ['key 1 of 1 is not an RSA key of at most 16384 bits'],
  });
});

describe('an EC key in the configuration is on the curve that its algorithm names', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const der = publicKey.export({ type: 'spki', format: 'der' });
  const pem = (bytes: Buffer): string =>
    `-----BEGIN PUBLIC KEY-----\n${bytes.toString('base64')}\n-----END PUBLIC KEY-----\n`;
  const unreadable = 'must be a public key or a certificate in PEM form';

  test('a point that is not on it is refused', () => {
    expect(problemsOf(pem(der))).toEqual([]);
    const off = Buffer.from(der);
    off.writeUInt8(off.readUInt8(off.length - 1) ^ 1, off.length - 1);
    expect(problemsOf(pem(off))).toEqual([unreadable]);
    expect(problemsOf(pem(Buffer.concat([der.subarray(0, -64), Buffer.alloc(64)])))).toEqual([unreadable]);
  });

  test('a key of another curve does not fit, by whatever name', () => {
    const other = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey;
    const text = other.export({ type: 'spki', format: 'pem' }).toString();
    expect(problemsOf(text)).toEqual(['the key fits no algorithm']);
    expect(problemsOf(text, { algorithms: ['ES256'] })).toEqual(['ES256 does not fit the curve of the key']);
    // the name of P-256, the point of the other
    const point = other.export({ type: 'spki', format: 'der' }).subarray(-65);
    expect(problemsOf(pem(Buffer.concat([der.subarray(0, -65), point])))).toEqual([unreadable]);
  });

  test('a curve of its own, with the key as its generator (CVE-2020-0601), is none', () => {
    const input = privateKey.export({ type: 'sec1', format: 'pem' });
    const args = ['ec', '-pubout', '-param_enc', 'explicit', '-outform', 'DER'];
    const explicit = execFileSync('openssl', args, { input, stdio: ['pipe', 'pipe', 'ignore'] });
    const generator = Buffer.from(
      '046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296' +
        '4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5',
      'hex',
    );
    const at = explicit.indexOf(generator);
    expect(at).toBeGreaterThan(0);
    const own = Buffer.from(explicit);
    own.set(explicit.subarray(-65), at);
    expect(problemsOf(pem(own))).toEqual(['the key fits no algorithm']);
    expect(problemsOf(pem(own), { algorithms: ['ES256'] })).toEqual([
      'ES256 does not fit the curve of the key',
    ]);
  });
});
