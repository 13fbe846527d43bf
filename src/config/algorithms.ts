import type { KeyObject } from 'node:crypto';
import { modulusWeakness } from './weak-modulus.ts';

/** How each algorithm of RFC 7518 and RFC 8037 constrains its key. HMAC: bytes of the hash. */
const algorithmKeys = {
  RS256: { type: 'rsa' },
  RS384: { type: 'rsa' },
  RS512: { type: 'rsa' },
  PS256: { type: 'rsa' },
  PS384: { type: 'rsa' },
  PS512: { type: 'rsa' },
  ES256: { type: 'ec', curve: 'prime256v1' },
  ES384: { type: 'ec', curve: 'secp384r1' },
  ES512: { type: 'ec', curve: 'secp521r1' },
  EdDSA: { type: 'ed25519' },
  HS256: { type: 'secret', bytesMin: 32 },
  HS384: { type: 'secret', bytesMin: 48 },
  HS512: { type: 'secret', bytesMin: 64 },
} satisfies Record<string, { type: string; curve?: string; bytesMin?: number }>;

export type Algorithm = keyof typeof algorithmKeys;
export const algorithms = Object.keys(algorithmKeys) as [Algorithm, ...Algorithm[]];

const rsaBitsMin = 2048;
/** OpenSSL verifies with no larger one. */
const rsaBitsMax = 16_384;
const rsaExponentMin = 65_537n;
const rsaExponentMax = 2n ** 256n;

/** Bytes that a shared secret needs for an algorithm; 0 for one that needs no shared secret. */
export function secretBytesMin(algorithm: string): number {
  const [, needed] = Object.entries(algorithmKeys).find(([name]) => name === algorithm) ?? [];
  return needed !== undefined && 'bytesMin' in needed ? needed.bytesMin : 0;
}

/** Why a public key is of another kind than the algorithm works with; undefined when it is of the right one. */
export function misfit(key: KeyObject, algorithm: Algorithm): string | undefined {
  const needed: { type: string; curve?: string } = algorithmKeys[algorithm];
  if (key.asymmetricKeyType !== needed.type) {
    return `does not fit a key of type ${key.asymmetricKeyType ?? ''}`;
  }
  const { namedCurve } = key.asymmetricKeyDetails ?? {};
  return needed.curve === undefined || namedCurve === needed.curve
    ? undefined
    : 'does not fit the curve of the key';
}

/** What a public key of the right kind would have to be to be believed; undefined when it is strong enough. */
export function strengthNeeded(key: KeyObject): string | undefined {
  const { modulusLength, publicExponent } = key.asymmetricKeyDetails ?? {};
  if (modulusLength !== undefined && modulusLength < rsaBitsMin) {
    return `an RSA key of at least ${rsaBitsMin} bits (RFC 7518, section 3.3)`;
  }
  if (modulusLength !== undefined && modulusLength > rsaBitsMax) {
    return `an RSA key of at most ${rsaBitsMax} bits`;
  }
  if (publicExponent === undefined) return undefined;
  const isSound =
    publicExponent >= rsaExponentMin && publicExponent < rsaExponentMax && publicExponent % 2n === 1n;
  if (!isSound) return 'an RSA key whose exponent is odd and at least 65537 (FIPS 186-5, A.1.1)';
  const weakness = factorability(key);
  return weakness === undefined ? undefined : `an RSA key that cannot be factored: ${weakness}`;
}

/** Why the private key of an RSA key can be found; undefined for any other key, and for one that shows nothing. */
export function factorability(key: KeyObject): string | undefined {
  if (key.asymmetricKeyType !== 'rsa') return undefined;
  const { n = '' } = key.export({ format: 'jwk' });
  return modulusWeakness(BigInt(`0x${Buffer.from(n, 'base64url').toString('hex')}`));
}
