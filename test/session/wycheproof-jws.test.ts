import { constants, createHmac, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { bearer, claims, encode, entry, outcome, secret, signBytes, verifier } from './support.ts';

/*
 * Classes of C2SP's Wycheproof for RFC 7515 beside those in forged-signatures.test.ts, tried with tokens of our own.
 */

const payload = JSON.stringify(claims());

/** A header as given, the claims, and whatever signature belongs to both. */
function assembled(header: object | string, signatureOf: (input: string) => Buffer): string {
  const text = typeof header === 'string' ? header : JSON.stringify(header);
  const input = `${encode(text)}.${encode(payload)}`;
  return `${input}.${encode(signatureOf(input))}`;
}

function hmac(input: string, hash = 'sha256', key: string | Buffer = secret): Buffer {
  return createHmac(hash, key).update(input).digest();
}

describe('an HMAC is the whole one of the header and the payload, under the whole secret', () => {
  const judge = (signatureOf: (input: string) => Buffer): Promise<string> =>
    outcome(verifier()(bearer(assembled({ alg: 'HS256' }, signatureOf))));

  test('the right one is taken', async () => {
    expect(await judge((input) => hmac(input))).toBe('believed');
  });

  test.each<[string, (input: string) => Buffer]>([
    ['empty', () => Buffer.alloc(0)],
    ...[1, 4, 8, 10, 12, 16, 20, 24, 31].map(
      (length) =>
        [`cut to ${length} bytes`, (input: string) => hmac(input).subarray(0, length)] satisfies [
          string,
          (input: string) => Buffer,
        ],
    ),
    ['its last 16 bytes', (input) => hmac(input).subarray(16)],
    ['with a zero after it', (input) => Buffer.concat([hmac(input), Buffer.alloc(1)])],
    ['with a zero before it', (input) => Buffer.concat([Buffer.alloc(1), hmac(input)])],
    ['twice', (input) => Buffer.concat([hmac(input), hmac(input)])],
    ['zeros', () => Buffer.alloc(32)],
    ['ones', () => Buffer.alloc(32, 0xff)],
    ['with its first bit flipped', (input) => flipped(hmac(input), 0)],
    ['with its last bit flipped', (input) => flipped(hmac(input), 31)],
    ['backwards', (input) => hmac(input).reverse()],
    ['as text', (input) => Buffer.from(hmac(input).toString('hex'))],
    ['of SHA-1', (input) => hmac(input, 'sha1')],
    ['of SHA-384', (input) => hmac(input, 'sha384')],
    ['of SHA-512', (input) => hmac(input, 'sha512')],
    ['of SHA-512, cut to 32 bytes', (input) => hmac(input, 'sha512').subarray(0, 32)],
    ['of SHA3-256', (input) => hmac(input, 'sha3-256')],
    ['of the payload alone', () => hmac(encode(payload))],
    ['of what the parts decode to', () => hmac(`{"alg":"HS256"}.${payload}`)],
    ['of the parts without their dot', (input) => hmac(input.replace('.', ''))],
    ['under no secret', (input) => hmac(input, 'sha256', '')],
    ['under half of the secret', (input) => hmac(input, 'sha256', secret.slice(0, 16))],
    ['under the secret decoded', (input) => hmac(input, 'sha256', Buffer.from(secret, 'base64'))],
    ['under the secret with a line break', (input) => hmac(input, 'sha256', `${secret}\n`)],
  ])('one that is %s is refused', async (_, signatureOf) => {
    expect(await judge(signatureOf)).toBe('session_invalid');
  });

  test.each(['HS384', 'HS512'])('%s is another algorithm, though the secret is the same', async (alg) => {
    const token = assembled({ alg }, (input) => hmac(input, `sha${alg.slice(2)}`));
    expect(await outcome(verifier()(bearer(token)))).toBe('session_invalid');
  });
});

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt8(copy.readUInt8(at) ^ (at === 0 ? 0x80 : 1), at);
  return copy;
}

describe('a header says once and plainly what the signature is', () => {
  const kid = '"kid":"a"';
  test.each([
    '{"alg":"HS256","alg":"HS256"}',
    '{"alg":"none","alg":"HS256"}',
    '{"alg":"HS256","\\u0061lg":"none"}',
    `{"alg":"HS256",${kid},${kid}}`,
    `{"alg":"HS256",${kid},"kid":"b"}`,
    '{"alg":"HS256","kid":1}',
    '{"alg":"HS256","kid":null}',
    '{"alg":"HS256","kid":["a"]}',
    '{"alg":"hs256"}',
    '{"alg":"HS256 "}',
    '{"alg":"HS256\\u0000"}',
    '{"alg":["HS256"]}',
    '{"alg":null}',
    '{"alg":256}',
    '{"ALG":"HS256"}',
    '{}',
    '[]',
    'null',
    '""',
    '{"alg":"HS256"',
    '{"alg":"HS256"}{}',
    '{"alg":"HS256","b64":false}',
    '{"alg":"HS256","b64":false,"crit":["b64"]}',
    '{"alg":"HS256","b64":"true"}',
    '{"alg":"HS256","b64":null}',
    '{"alg":"HS256","crit":[]}',
    '{"alg":"HS256","crit":["alg"]}',
    '{"alg":"HS256","crit":["exp"],"exp":9999999999}',
    '{"alg":"HS256","crit":["b64","b64"],"b64":true}',
    '{"alg":"HS256","crit":"b64","b64":true}',
    '{"alg":"HS256","crit":null}',
    '{"alg":"HS256","crit":["http://example.com/UNDEFINED"],"http://example.com/UNDEFINED":true}',
    '{"alg":"HS256","enc":"A256GCM"}',
    '{"alg":"HS256","zip":"DEF"}',
    '{"alg":"dir","enc":"A256GCM"}',
    '{"alg":"A256KW"}',
  ])('%s is refused', async (header) => {
    const token = assembled(header, (input) => hmac(input));
    expect(await outcome(verifier()(bearer(token)))).toBe('session_invalid');
  });

  test('a payload that is not encoded is refused, though signed as RFC 7797 has it', async () => {
    const header = encode('{"alg":"HS256","b64":false,"crit":["b64"]}');
    const signature = encode(hmac(`${header}.${payload}`));
    for (const token of [`${header}.${encode(payload)}.${signature}`, `${header}..${signature}`]) {
      expect(await outcome(verifier()(bearer(token)))).toBe('session_invalid');
    }
  });

  test.each([
    '{"alg":"HS256","typ":"JWT","kid":"a"}',
    '{ "typ" : "at+jwt",\r\n "alg" : "HS256" }',
    '{"alg":"HS256","b64":true}',
    '{"alg":"HS256","crit":["b64"],"b64":true}',
  ])('%s is taken', async (header) => {
    const token = assembled(header, (input) => hmac(input));
    expect(await outcome(verifier()(bearer(token)))).toBe('believed');
  });
});

test('each part is canonical base64url: no padding, no other alphabet, no bits to spare', async () => {
  const verify = verifier();
  // 32 bytes leave two bits unused; the header's and the payload's length are chosen to leave some too
  const token = signBytes(JSON.stringify(claims({ filling: '?>~é~' })), { header: '{"alg":"HS256" }' });
  expect(await outcome(verify(bearer(token)))).toBe('believed');
  const parts = token.split('.');
  const forms = parts.flatMap((part, at) => [
    parts.with(at, `${part}=`),
    parts.with(at, `${part}==`),
    parts.with(at, `=${part}`),
    parts.with(at, `${part}\t`),
    parts.with(at, `\t${part}`),
    parts.with(at, `${part.slice(0, 8)}\n${part.slice(8)}`),
    parts.with(at, `${part.slice(0, 8)}.${part.slice(8)}`),
    parts.with(at, `${part}A`),
    parts.with(at, `${part}%3D`),
    parts.with(at, part.replace(/.$/, nextCharacter)),
    parts.with(at, Buffer.from(part, 'base64url').toString('base64')),
    parts.with(at, encodeURIComponent(Buffer.from(part, 'base64url').toString('base64'))),
    parts.with(at, `${part}\u0000`),
    parts.with(at, `${part}é`),
  ]);
  const changed = forms.map((form) => form.join('.')).filter((form) => form !== token);
  expect(changed.length).toBeGreaterThan(35);
  for (const form of changed) expect(await outcome(verify(bearer(form))), form).toBe('session_invalid');
});

function nextCharacter(character: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return alphabet[(alphabet.indexOf(character) + 1) % 64] ?? '';
}

const curves = [
  ['ES256', 'P-256', 32, 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551'],
  [
    'ES384',
    'P-384',
    48,
    'ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973',
  ],
  [
    'ES512',
    'P-521',
    66,
    '01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409',
  ],
] as const;

describe.each(curves)('%s takes r and s from 1 to n - 1, in full length', (alg, namedCurve, size, order) => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve });
  const hash = `sha${alg.slice(2)}`;
  const n = BigInt(`0x${order}`);
  const verify = verifyWith(publicKey, alg);
  const judge = (signatureOf: (input: string) => Buffer): Promise<string> =>
    outcome(verify(bearer(assembled({ alg }, signatureOf))));
  const signed = (input: string, by = hash, dsaEncoding: 'der' | 'ieee-p1363' = 'ieee-p1363'): Buffer =>
    sign(by, Buffer.from(input), { key: privateKey, dsaEncoding });
  const fixed = (value: bigint, length: number = size): Buffer =>
    Buffer.from(value.toString(16).padStart(length * 2, '0'), 'hex');

  test('every signature of the key is taken, leading zeros or not', async () => {
    for (let time = 0; time < 60; time += 1) expect(await judge((input) => signed(input))).toBe('believed');
  });

  test('no pair of values at the edges is', async () => {
    const largest = 2n ** BigInt(size * 8) - 1n;
    const edges = [0n, 1n, 2n, n - 1n, n, n + 1n, n >> 1n, (n >> 1n) + 1n, largest - 1n, largest];
    for (const r of edges) {
      for (const s of edges) {
        expect(await judge(() => Buffer.concat([fixed(r), fixed(s)])), `${r}, ${s}`).toBe('session_invalid');
      }
    }
    for (const edge of edges) {
      const [r, s] = [0, 1].map(
        (half) => (input: string) => signed(input).subarray(half * size, (half + 1) * size),
      );
      expect(await judge((input) => Buffer.concat([fixed(edge), s?.(input) ?? Buffer.alloc(0)]))).toBe(
        'session_invalid',
      );
      expect(await judge((input) => Buffer.concat([r?.(input) ?? Buffer.alloc(0), fixed(edge)]))).toBe(
        'session_invalid',
      );
    }
  });

  test.each<[string, (input: string) => Buffer]>([
    ['in DER', (input) => signed(input, hash, 'der')],
    [
      'in DER, padded to its length',
      (input) => Buffer.concat([signed(input, hash, 'der'), Buffer.alloc(size)]).subarray(0, 2 * size),
    ],
    ['without a byte', (input) => signed(input).subarray(1)],
    ['cut by a byte', (input) => signed(input).subarray(0, -1)],
    ['with a zero after it', (input) => Buffer.concat([signed(input), Buffer.alloc(1)])],
    [
      'with a zero before each half',
      (input) => {
        const zero = Buffer.alloc(1);
        return Buffer.concat([zero, signed(input).subarray(0, size), zero, signed(input).subarray(size)]);
      },
    ],
    ['r alone', (input) => signed(input).subarray(0, size)],
    [
      'with its halves swapped',
      (input) => Buffer.concat([signed(input).subarray(size), signed(input).subarray(0, size)]),
    ],
    [
      'of another signature’s r',
      (input) => Buffer.concat([signed(input).subarray(0, size), signed(input).subarray(size)]),
    ],
    ['over another hash', (input) => signed(input, hash === 'sha256' ? 'sha384' : 'sha256')],
    ['over SHA-1', (input) => signed(input, 'sha1')],
    ['of the payload alone', () => signed(encode(payload))],
    ['empty', () => Buffer.alloc(0)],
    ['zeros', () => Buffer.alloc(2 * size)],
  ])('one that is %s is refused', async (_, signatureOf) => {
    expect(await judge(signatureOf)).toBe('session_invalid');
  });

  test('r and s past n by its multiples are refused, where they fit', async () => {
    const forged = (input: string, half: number): Buffer | undefined => {
      const parts = [signed(input)].flatMap((whole) => [whole.subarray(0, size), whole.subarray(size)]);
      const grown = BigInt(`0x${parts[half]?.toString('hex') ?? '0'}`) + n;
      if (grown >= 2n ** BigInt(size * 8)) return undefined;
      return Buffer.concat(parts.with(half, fixed(grown)));
    };
    for (const half of [0, 1]) {
      for (let time = 0; time < 10; time += 1) {
        expect(await judge((input) => forged(input, half) ?? Buffer.alloc(2 * size, 0xff))).toBe(
          'session_invalid',
        );
      }
    }
  });
});

describe('an RSA signature is a number below the modulus, with the padding of its algorithm', () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const n = BigInt(
    `0x${Buffer.from(publicKey.export({ format: 'jwk' }).n ?? '', 'base64url').toString('hex')}`,
  );
  const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const;
  const hashOf = (alg: string): string => `sha${alg.slice(2)}`;
  const bytesOf = (value: bigint): Buffer => Buffer.from(value.toString(16).padStart(512, '0'), 'hex');
  const signed = (alg: string, input: string, saltLength?: number): Buffer => {
    const isPss = alg.startsWith('PS');
    const padding = isPss ? constants.RSA_PKCS1_PSS_PADDING : constants.RSA_PKCS1_PADDING;
    const salt = saltLength ?? constants.RSA_PSS_SALTLEN_DIGEST;
    return sign(hashOf(alg), Buffer.from(input), {
      key: privateKey,
      padding,
      ...(isPss && { saltLength: salt }),
    });
  };

  test.each(algorithms)('%s: its own is taken, and none of another algorithm', async (alg) => {
    const verify = verifyWith(publicKey, alg);
    for (const by of algorithms) {
      const token = assembled({ alg }, (input) => signed(by, input));
      expect(await outcome(verify(bearer(token))), by).toBe(by === alg ? 'believed' : 'session_invalid');
      // and the header's word for it changes nothing
      const named = assembled({ alg: by }, (input) => signed(by, input));
      expect(await outcome(verify(bearer(named))), by).toBe(by === alg ? 'believed' : 'session_invalid');
    }
  });

  test.each(algorithms)('%s: 0, 1, n - 1, n and numbers past it are refused', async (alg) => {
    const verify = verifyWith(publicKey, alg);
    const judge = (signatureOf: (input: string) => Buffer): Promise<string> =>
      outcome(verify(bearer(assembled({ alg }, signatureOf))));
    for (const value of [0n, 1n, 2n, n - 1n, n, n + 1n, 2n ** 2048n - 1n]) {
      expect(await judge(() => bytesOf(value))).toBe('session_invalid');
    }
    const value = (input: string): bigint => BigInt(`0x${signed(alg, input).toString('hex')}`);
    expect(
      await judge((input) => Buffer.from((value(input) + n).toString(16).padStart(514, '0'), 'hex')),
    ).toBe('session_invalid');
    expect(await judge((input) => bytesOf(n - value(input)))).toBe('session_invalid');
  });

  test.each(['PS256', 'PS384', 'PS512'] as const)(
    '%s: a salt of any other length is refused',
    async (alg) => {
      const verify = verifyWith(publicKey, alg);
      const length = Number(alg.slice(2)) / 8;
      const most = 256 - length - 2;
      for (const salt of [0, 1, 20, length - 1, length, length + 1, most]) {
        const token = assembled({ alg }, (input) => signed(alg, input, salt));
        expect(await outcome(verify(bearer(token))), `${salt}`).toBe(
          salt === length ? 'believed' : 'session_invalid',
        );
      }
    },
  );
});

function verifyWith(key: KeyObject, alg: string): ReturnType<typeof verifier> {
  return verifier([entry({ keys: { pem: key.export({ type: 'spki', format: 'pem' }) }, algorithms: [alg] })]);
}
