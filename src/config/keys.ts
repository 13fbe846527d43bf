import { createPublicKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { secret, secureUrl } from './fields.ts';

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

const publicKey = z
  .string()
  .describe('public key or certificate in PEM form')
  .transform((text, context): KeyObject => {
    try {
      if (!text.includes('PRIVATE KEY')) return createPublicKey(text);
    } catch {
      // falls through to the problem: Node's own message may hold a part of the text
    }
    context.issues.push({
      code: 'custom',
      message: 'must be a public key or a certificate in PEM form',
      input: '',
    });
    return z.NEVER;
  });

const keysShape = z.strictObject({
  discovery: z
    .literal(true)
    .describe('true: find the keys through {issuer}/.well-known/openid-configuration')
    .optional(),
  jwks: secureUrl('address of the issuer’s JSON Web Key Set').optional(),
  pem: publicKey.optional(),
  secret: secret('shared secret of HMAC algorithms, its characters as UTF-8').optional(),
});

/** Where an issuer's keys come from: exactly one of the four. */
export const keysSchema = keysShape.describe(
  'where the keys come from: exactly one of discovery, jwks, pem, secret',
);

export type KeysConfig = z.output<typeof keysSchema>;

/** Bytes that a shared secret needs for an algorithm; 0 for one that needs no shared secret. */
export function secretBytesMin(algorithm: string): number {
  const [, needed] = Object.entries(algorithmKeys).find(([name]) => name === algorithm) ?? [];
  return needed !== undefined && 'bytesMin' in needed ? needed.bytesMin : 0;
}

/**
 * Settles which algorithms the keys may verify: those named, else the one the key itself implies.
 * Whether a shared secret fits needs no parsed key: session-references.ts says so.
 *
 * @returns the algorithms, or the reason why they and the key do not fit together
 */
export function fitAlgorithms(
  { pem, secret }: KeysConfig,
  named: readonly Algorithm[] | undefined,
): readonly Algorithm[] | string {
  if (pem === undefined) return named ?? (secret === undefined ? [] : ['HS256']);
  const chosen = named ?? impliedAlgorithms(pem);
  if (chosen.length === 0) return 'the key fits no algorithm';
  for (const algorithm of chosen) {
    const reason = misfit(pem, algorithm);
    if (reason !== undefined) return `${algorithm} ${reason}`;
  }
  return chosen;
}

function impliedAlgorithms(pem: KeyObject): readonly Algorithm[] {
  const fitting = algorithms.find(
    (algorithm) => secretBytesMin(algorithm) === 0 && misfit(pem, algorithm) === undefined,
  );
  return fitting === undefined ? [] : [fitting];
}

function misfit(pem: KeyObject, algorithm: Algorithm): string | undefined {
  const needed: { type: string; curve?: string } = algorithmKeys[algorithm];
  if (needed.type === 'secret') return undefined; // told by session-references.ts
  const { modulusLength, namedCurve } = pem.asymmetricKeyDetails ?? {};
  if (pem.asymmetricKeyType !== needed.type)
    return `does not fit a key of type ${pem.asymmetricKeyType ?? ''}`;
  if (needed.curve !== undefined && namedCurve !== needed.curve) return 'does not fit the curve of the key';
  if (modulusLength !== undefined && modulusLength < rsaBitsMin) {
    return `needs an RSA key of at least ${rsaBitsMin} bits (RFC 7518, section 3.3)`;
  }
  return undefined;
}
