import {
  constants,
  createHash,
  generateKeyPairSync,
  privateEncrypt,
  sign,
  type KeyObject,
  type SignKeyObjectInput,
} from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { bearer, claims, encode, entry, outcome, signBytes, verifier } from './support.ts';

/*
 * What C2SP's Wycheproof tries on implementations of RFC 7515 and of the algorithms below it, written
 * for our own tokens: we found no package with its vectors, and their payloads are no claims.
 */

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ed25519 = generateKeyPairSync('ed25519');

interface Signed {
  readonly input: string;
  readonly signature: Buffer;
}

function inputOf(alg: string): string {
  return `${encode(JSON.stringify({ alg }))}.${encode(JSON.stringify(claims()))}`;
}

function signWith(alg: string, hash: string | null, options: SignKeyObjectInput): Signed {
  const input = inputOf(alg);
  return { input, signature: sign(hash, Buffer.from(input), options) };
}

function judge(key: KeyObject, alg: string, { input, signature }: Signed): Promise<string> {
  const pem = key.export({ type: 'spki', format: 'pem' });
  const verify = verifier([entry({ keys: { pem }, algorithms: [alg] })]);
  return outcome(verify(bearer(`${input}.${encode(signature)}`)));
}

const padding = { pkcs1: constants.RSA_PKCS1_PADDING, pss: constants.RSA_PKCS1_PSS_PADDING };
const pss = (saltLength: number, hash = 'sha256', alg = 'PS256'): Signed =>
  signWith(alg, hash, { key: rsa.privateKey, padding: padding.pss, saltLength });
const ecdsa = (dsaEncoding: 'der' | 'ieee-p1363' = 'ieee-p1363'): Signed =>
  signWith('ES256', 'sha256', { key: p256.privateKey, dsaEncoding });
const eddsa = (): Signed => signWith('EdDSA', null, { key: ed25519.privateKey });

describe('RS256', () => {
  const digestInfo = Buffer.from('3031300d060960864801650304020105000420', 'hex');
  /** Signs a padded block as it is given, however wrong. */
  const block = (write: (hash: Buffer) => Buffer): Signed => {
    const input = inputOf('RS256');
    const hash = createHash('sha256').update(input).digest();
    const key = { key: rsa.privateKey, padding: constants.RSA_NO_PADDING };
    return { input, signature: privateEncrypt(key, write(hash)) };
  };
  const framed = (
    content: Buffer,
    { type = 1, fill = 0xff, after = Buffer.alloc(0), short = 0 } = {},
  ): Buffer => {
    const filling = Buffer.alloc(256 - 3 - content.length - after.length, fill);
    if (short > 0) filling.fill(0, filling.length - short);
    return Buffer.concat([Buffer.from([0, type]), filling, Buffer.from([0]), content, after]);
  };

  test('the frame that these cases start from is right', async () => {
    const signed = block((hash) => framed(Buffer.concat([digestInfo, hash])));
    expect(await judge(rsa.publicKey, 'RS256', signed)).toBe('believed');
  });

  test.each<[string, (hash: Buffer) => Buffer]>([
    ['no name of the hash', (hash) => framed(hash)],
    [
      'the hash named without its NULL',
      (hash) =>
        framed(
          Buffer.concat([
            Buffer.from('302f300b0609608648016503040201', 'hex'),
            Buffer.from('0420', 'hex'),
            hash,
          ]),
        ),
    ],
    [
      'another hash named',
      (hash) => framed(Buffer.concat([Buffer.from('3031300d060960864801650304020305000420', 'hex'), hash])),
    ],
    [
      'SHA-1',
      (hash) => {
        const sha1 = createHash('sha1').update(hash).digest();
        return framed(Buffer.concat([Buffer.from('3021300906052b0e03021a05000414', 'hex'), sha1]));
      },
    ],
    [
      'bytes after the hash',
      (hash) => framed(Buffer.concat([digestInfo, hash]), { after: Buffer.alloc(40, 7) }),
    ],
    ['padding of another type', (hash) => framed(Buffer.concat([digestInfo, hash]), { type: 2 })],
    ['padding of other bytes', (hash) => framed(Buffer.concat([digestInfo, hash]), { fill: 0xfe })],
    ['padding that ends early', (hash) => framed(Buffer.concat([digestInfo, hash]), { short: 100 })],
  ])('a signature with %s is refused', async (_, write) => {
    expect(await judge(rsa.publicKey, 'RS256', block(write))).toBe('session_invalid');
  });

  test('a signature of another length is refused, zeros or not', async () => {
    const { input, signature } = block((hash) => framed(Buffer.concat([digestInfo, hash])));
    const zero = Buffer.from([0]);
    for (const wrong of [
      Buffer.concat([zero, signature]),
      Buffer.concat([signature, zero]),
      signature.subarray(1),
      signature.subarray(0, 255),
      Buffer.alloc(256),
      Buffer.alloc(256, 0xff),
      zero,
    ]) {
      expect(await judge(rsa.publicKey, 'RS256', { input, signature: wrong })).toBe('session_invalid');
    }
  });

  test('a PSS signature is none', async () => {
    expect(await judge(rsa.publicKey, 'RS256', pss(32, 'sha256', 'RS256'))).toBe('session_invalid');
  });
});

test('PS256 takes a salt of the hash’s length and the hash that it names, nothing else', async () => {
  expect(await judge(rsa.publicKey, 'PS256', pss(32))).toBe('believed');
  for (const salt of [0, 20, 31, 33, 222]) {
    expect(await judge(rsa.publicKey, 'PS256', pss(salt)), `salt of ${salt}`).toBe('session_invalid');
  }
  expect(await judge(rsa.publicKey, 'PS256', pss(32, 'sha384'))).toBe('session_invalid');
  const pkcs1 = signWith('PS256', 'sha256', { key: rsa.privateKey, padding: padding.pkcs1 });
  expect(await judge(rsa.publicKey, 'PS256', pkcs1)).toBe('session_invalid');
});

test('ES256 takes r and s of 32 bytes each, from 1 to n - 1', async () => {
  const n = Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex');
  const [zero, one] = [Buffer.alloc(32), Buffer.concat([Buffer.alloc(31), Buffer.from([1])])];
  const { input, signature } = ecdsa();
  const [r, s] = [signature.subarray(0, 32), signature.subarray(32)];
  expect(await judge(p256.publicKey, 'ES256', { input, signature })).toBe('believed');
  const wrong = [
    [zero, zero],
    [zero, s],
    [r, zero],
    [n, n],
    [one, n],
    [n, one],
    [one, one],
    [s, r],
    [r, s, Buffer.from([0])],
    [Buffer.from([0]), r, s],
    [r, s.subarray(0, 31)],
    [r],
  ];
  for (const parts of wrong) {
    const forged = { input, signature: Buffer.concat(parts) };
    expect(await judge(p256.publicKey, 'ES256', forged), forged.signature.toString('hex')).toBe(
      'session_invalid',
    );
  }
  expect(await judge(p256.publicKey, 'ES256', ecdsa('der'))).toBe('session_invalid');
});

test('EdDSA takes one signature and none that is derived from it', async () => {
  const { input, signature } = eddsa();
  expect(await judge(ed25519.publicKey, 'EdDSA', { input, signature })).toBe('believed');
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  const s = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString('hex')}`) + order;
  const malleable = Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse();
  const wrong = [
    Buffer.concat([signature.subarray(0, 32), malleable]),
    Buffer.concat([signature.subarray(0, 32), Buffer.alloc(32)]),
    Buffer.concat([signature, Buffer.from([0])]),
    Buffer.alloc(64),
    signature.subarray(0, 63),
  ];
  for (const forged of wrong) {
    expect(await judge(ed25519.publicKey, 'EdDSA', { input, signature: forged })).toBe('session_invalid');
  }
});

test('a token in another serialisation, or with parts missing or too many, is none', async () => {
  const verify = verifier();
  const token = signBytes(JSON.stringify(claims()));
  const [header = '', payload = '', signature = ''] = token.split('.');
  const forms = [
    JSON.stringify({ payload, protected: header, signature }),
    JSON.stringify({ payload, signatures: [{ protected: header, signature }] }),
    `${header}.${payload}`,
    `${header}.${signature}`,
    `${payload}.${signature}`,
    `.${payload}.`,
    payload,
    '..',
    '.',
    `${token}.${token}`,
    `${token}.AAAA`,
    `${header}.${payload}.${signature.slice(0, -4)}`,
    `${header}.${payload}.AAAA`,
  ];
  expect(await outcome(verify(bearer(token)))).toBe('believed');
  for (const form of forms) expect(await outcome(verify(bearer(form))), form).toBe('session_invalid');
});
