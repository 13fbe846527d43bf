import { createCipheriv, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { nextAuthKey, sealBytes } from '../support/seal.ts';
import { pkcs7, sealCbc, type CbcOptions } from '../support/seal-cbc.ts';
import { cookie, nowSeconds, outcome, sealedVerifier } from './support.ts';

/*
 * Classes of C2SP's Wycheproof for RFC 7516 and the encryptions of RFC 7518, tried with cookies of our own: each is
 * sealed with the right key, and wrong in one thing.
 */

const gcmName = 'next-auth.session-token';
const cbcName = 'authjs.session-token';
const verify = sealedVerifier([
  { tokens: [`cookie:${gcmName}`], keys: { sealed: { format: 'next-auth', secret: '${env:AUTH_SECRET}' } } },
  { name: 'current' },
]);

function text(): string {
  const now = nowSeconds();
  return JSON.stringify({ sub: 'ada', tenant: 'acme', iat: now, exp: now + 300 });
}

function judge(name: string, token: string): Promise<string> {
  return outcome(verify(cookie(`${name}=${token}`)));
}

describe('A256CBC-HS512', () => {
  const sealed = (options: CbcOptions = {}): string => sealCbc(text(), cbcName, options);
  const plain = (): Buffer => Buffer.from(text());

  test('what is right in everything is opened', async () => {
    expect(await judge(cbcName, sealed())).toBe('believed');
  });

  test.each<[string, () => CbcOptions]>([
    ...[0, 1, 8, 12, 15, 17, 24, 32].map(
      (bytes) =>
        [`an initial value of ${bytes} bytes`, () => ({ iv: Buffer.alloc(bytes, 7) })] satisfies [
          string,
          () => CbcOptions,
        ],
    ),
    ...[0, 1, 8, 16, 24, 31].map(
      (bytes) =>
        [`a tag of ${bytes} bytes`, () => ({ tag: (mac: Buffer) => mac.subarray(0, bytes) })] satisfies [
          string,
          () => CbcOptions,
        ],
    ),
    ['a tag of 33 bytes', () => ({ tag: (mac) => mac.subarray(0, 33) })],
    ['a tag of 64 bytes', () => ({ tag: (mac) => mac })],
    ['the second half of the HMAC for a tag', () => ({ tag: (mac) => mac.subarray(32) })],
    ['a tag of zeros', () => ({ tag: () => Buffer.alloc(32) })],
    ['a tag without the additional data', () => ({ macOver: ([, iv, body, bits]) => [iv, body, bits] })],
    ['a tag without the initial value', () => ({ macOver: ([data, , body, bits]) => [data, body, bits] })],
    ['a tag without the text', () => ({ macOver: ([data, iv, , bits]) => [data, iv, bits] })],
    ['a tag without the length', () => ({ macOver: ([data, iv, body]) => [data, iv, body] })],
    [
      'a tag with the length in bytes',
      () => ({ macOver: ([data, iv, body]) => [data, iv, body, lengthOf(data.length)] }),
    ],
    ['a tag with a length of zero', () => ({ macOver: ([data, iv, body]) => [data, iv, body, lengthOf(0)] })],
    [
      'a tag over its parts in another order',
      () => ({ macOver: ([data, iv, body, bits]) => [iv, data, body, bits] }),
    ],
    ['the two halves of the key swapped', () => ({ swapKeys: true })],
    ['no encrypted text at all', () => ({ padded: Buffer.alloc(0) })],
    ['padding alone', () => ({ padded: Buffer.alloc(16, 16) })],
    ['padding of zeros', () => ({ padded: padWith(plain(), 0) })],
    ['padding longer than a block', () => ({ padded: padWith(plain(), 17) })],
    ['padding of one byte too many', () => ({ padded: lastByte(pkcs7(plain()), 32) })],
    ['padding whose bytes differ', () => ({ padded: firstOfPadding(pkcs7(Buffer.from(`${text()}  `)), 1) })],
    ['an encryption of another name', () => ({ header: { alg: 'dir', enc: 'A128CBC-HS256' } })],
    ['an encryption of another kind', () => ({ header: { alg: 'dir', enc: 'A256GCM' } })],
    ['another alg', () => ({ header: { alg: 'A256KW', enc: 'A256CBC-HS512' } })],
    ['an enc in lower case', () => ({ header: { alg: 'dir', enc: 'a256cbc-hs512' } })],
    ['no enc', () => ({ header: { alg: 'dir' } })],
    ['zip', () => ({ header: { alg: 'dir', enc: 'A256CBC-HS512', zip: 'DEF' } })],
    ['crit', () => ({ header: { alg: 'dir', enc: 'A256CBC-HS512', crit: ['exp'], exp: 1 } })],
    ['a kid of another key', () => ({ header: { alg: 'dir', enc: 'A256CBC-HS512', kid: 'a' } })],
  ])('%s is refused, though the secret sealed it', async (_, options) => {
    expect(await judge(cbcName, sealed(options()))).toBe('session_invalid');
  });
});

describe('A256GCM', () => {
  const sealed = (ivBytes: number, tagBytes = 16, plaintext = text()): string => {
    const header = Buffer.from('{"alg":"dir","enc":"A256GCM"}').toString('base64url');
    const iv = randomBytes(ivBytes);
    const cipher = createCipheriv('aes-256-gcm', nextAuthKey(), iv, { authTagLength: tagBytes });
    cipher.setAAD(Buffer.from(header));
    const body = Buffer.concat([cipher.update(plaintext), cipher.final()]);
    return [header, '', ...[iv, body, cipher.getAuthTag()].map((part) => part.toString('base64url'))].join(
      '.',
    );
  };

  test('what is right in everything is opened', async () => {
    expect(await judge(gcmName, sealed(12))).toBe('believed');
  });

  test.each([1, 4, 8, 11, 13, 16, 24, 32])('an initial value of %i bytes is refused', async (bytes) => {
    expect(await judge(gcmName, sealed(bytes))).toBe('session_invalid');
  });

  test.each([4, 8, 12, 13, 14, 15])('a tag made with %i bytes is refused', async (bytes) => {
    expect(await judge(gcmName, sealed(12, bytes))).toBe('session_invalid');
  });

  test('no text at all is refused, and an empty part for it too', async () => {
    const empty = sealed(12, 16, '');
    expect(empty.split('.')[3]).toBe('');
    expect(await judge(gcmName, empty)).toBe('session_invalid');
    const [header = '', , iv = '', , tag = ''] = sealed(12).split('.');
    expect(await judge(gcmName, [header, '', iv, '', tag].join('.'))).toBe('session_invalid');
  });
});

test('the JSON serialisations are refused, flattened and general', async () => {
  for (const [name, token] of [
    [gcmName, sealBytes(text())],
    [cbcName, sealCbc(text(), cbcName)],
  ] as const) {
    const [header = '', , iv = '', ciphertext = '', tag = ''] = token.split('.');
    const flattened = { protected: header, iv, ciphertext, tag };
    const forms = [
      flattened,
      { ...flattened, recipients: [{}] },
      { ...flattened, unprotected: { alg: 'dir' } },
    ];
    expect(await judge(name, token)).toBe('believed');
    for (const form of forms) {
      for (const value of [
        JSON.stringify(form),
        encodeURIComponent(JSON.stringify(form)),
        Buffer.from(JSON.stringify(form)).toString('base64url'),
      ]) {
        expect(await judge(name, value.replaceAll(';', '')), value).toBe('session_invalid');
      }
    }
  }
});

test('an encrypted key beside one in direct use is refused', async () => {
  for (const [name, token] of [
    [gcmName, sealBytes(text())],
    [cbcName, sealCbc(text(), cbcName)],
  ] as const) {
    for (const key of [
      'AA',
      'AAAA',
      randomBytes(32).toString('base64url'),
      randomBytes(40).toString('base64url'),
    ]) {
      expect(await judge(name, token.split('.').with(1, key).join('.'))).toBe('session_invalid');
    }
  }
});

function lengthOf(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

/** Fills the last block with a byte. */
function padWith(bytes: Buffer, filling: number): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(16 - (bytes.length % 16), filling)]);
}

function lastByte(bytes: Buffer, value: number): Buffer {
  return Buffer.concat([bytes.subarray(0, -1), Buffer.from([value])]);
}

/** Changes the first byte of the padding; there are two at least. */
function firstOfPadding(bytes: Buffer, value: number): Buffer {
  const padding = bytes.at(-1) ?? 0;
  const at = bytes.length - padding;
  return Buffer.concat([bytes.subarray(0, at), Buffer.from([value]), bytes.subarray(at + 1)]);
}
