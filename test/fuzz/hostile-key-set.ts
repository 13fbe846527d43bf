import fc from 'fast-check';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { damaged, hostileText, hostileValue, mark } from './hostile.ts';

export const kid = 'key-1';
export const signing = generateKeyPairSync('rsa', { modulusLength: 2048 });
const published = { ...toJwk(signing.publicKey), kid, use: 'sig', alg: 'RS256' };
export const keySet = JSON.stringify({ keys: [published] });
/** What an answer must hold for the key to be known by it. */
export const modulus = String(toJwk(signing.publicKey).n);

function toJwk(key: KeyObject): Readonly<Record<string, unknown>> {
  return key.export({ format: 'jwk' });
}

const others = [
  toJwk(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey),
  toJwk(generateKeyPairSync('ed25519').publicKey),
  toJwk(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey),
];
const number = fc.constantFrom(
  '',
  'AA',
  'AQ',
  'AQAB',
  '=',
  mark,
  ...[342, 5000, 40_000].map((size) => '_'.repeat(size)),
);
const word = fc.constantFrom<unknown>(
  'RSA',
  'EC',
  'OKP',
  'oct',
  'P-256',
  'P-521',
  'Ed448',
  'sig',
  'enc',
  ['verify'],
  kid,
);
const member = fc.oneof(
  fc.tuple(fc.constantFrom('n', 'e', 'x', 'y', 'd', 'k'), number),
  fc.tuple(
    fc.constantFrom('kty', 'crv', 'alg', 'use', 'key_ops', 'kid', 'x5c', 'x5u', 'n', 'e', 'x'),
    fc.oneof(word, hostileValue),
  ),
  fc.tuple(hostileText, hostileValue),
);
const jwk = fc
  .tuple(fc.constantFrom(published, ...others), fc.array(member, { maxLength: 3 }))
  .map(([key, members]) => ({ ...key, ...Object.fromEntries(members) }));
const keys = fc.oneof(
  fc.array(fc.oneof({ weight: 5, arbitrary: jwk }, hostileValue), { maxLength: 5 }),
  fc.tuple(jwk, fc.integer({ min: 100, max: 400 })).map(([key, count]) => Array<unknown>(count).fill(key)),
  hostileValue,
);
const pem = signing.publicKey
  .export({ type: 'spki', format: 'pem' })
  .toString()
  .replaceAll('PUBLIC KEY', 'CERTIFICATE');
const table = fc.dictionary(
  fc.oneof(fc.constant(kid), hostileText),
  fc.oneof(damaged(fc.constant(pem), hostileText), hostileValue),
  { maxKeys: 3, noNullPrototype: true },
);
const put = fc.oneof(fc.constantFrom('"', ',', '{', '[', ']', '\\u0000', '"keys":[],', '1e999'), hostileText);
const depth = fc.integer({ min: 1000, max: 130_000 });

/** The text of an answer: a key set in all states between right and noise. */
export const hostileDocument: fc.Arbitrary<string> = fc.oneof(
  fc.constant(keySet),
  { weight: 6, arbitrary: keys.map((all) => JSON.stringify({ keys: all })) },
  fc.oneof(table, hostileValue).map((value) => JSON.stringify(value)),
  damaged(fc.constant(keySet), put),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
  depth.map((levels) => '{"keys":['.repeat(levels)),
  depth.map((levels) => `{"keys":${'['.repeat(levels)}${']'.repeat(levels)}}`),
  fc.integer({ min: 200_000, max: 600_000 }).map((size) => keySet.padEnd(size)),
);
