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

/**
 * Settles which algorithms the keys may verify: those named, else the one the key itself implies.
 *
 * @returns the algorithms, or the reason why they and the keys do not fit together
 */
export function fitAlgorithms(
  keys: KeysConfig,
  named: readonly Algorithm[] | undefined,
): readonly Algorithm[] | string {
  const chosen = named ?? impliedAlgorithms(keys);
  if (chosen.length === 0) {
    return keys.pem === undefined ? 'is required with jwks and discovery' : 'the key fits no algorithm';
  }
  for (const algorithm of chosen) {
    const reason = misfit(keys, algorithm);
    if (reason !== undefined) return `${algorithm} ${reason}`;
  }
  return chosen;
}

function impliedAlgorithms(keys: KeysConfig): readonly Algorithm[] {
  if (keys.secret !== undefined) return ['HS256'];
  const { pem } = keys;
  if (pem === undefined) return [];
  const fitting = algorithms.filter((algorithm) => misfit(keys, algorithm) === undefined);
  return fitting.slice(0, 1);
}

function misfit(keys: KeysConfig, algorithm: Algorithm): string | undefined {
  const needed: { type: string; curve?: string; bytesMin?: number } = algorithmKeys[algorithm];
  if ((needed.type === 'secret') !== (keys.secret !== undefined)) {
    return needed.type === 'secret' ? 'needs keys.secret' : 'does not fit keys.secret';
  }
  if (keys.secret !== undefined && Buffer.byteLength(keys.secret.reveal()) < (needed.bytesMin ?? 0)) {
    return `needs a secret of at least ${needed.bytesMin ?? 0} bytes (RFC 7518, section 3.2)`;
  }
  const { pem } = keys;
  if (pem === undefined) return undefined;
  const { modulusLength, namedCurve } = pem.asymmetricKeyDetails ?? {};
  if (pem.asymmetricKeyType !== needed.type)
    return `does not fit a key of type ${pem.asymmetricKeyType ?? ''}`;
  if (needed.curve !== undefined && namedCurve !== needed.curve) return 'does not fit the curve of the key';
  if (modulusLength !== undefined && modulusLength < rsaBitsMin) {
    return `needs an RSA key of at least ${rsaBitsMin} bits (RFC 7518, section 3.3)`;
  }
  return undefined;
}
