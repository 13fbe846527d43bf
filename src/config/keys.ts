import { createPublicKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import {
  algorithms,
  factorability,
  misfit,
  secretBytesMin,
  strengthNeeded,
  type Algorithm,
} from './algorithms.ts';
import { certificates, duration, secret, secureUrl } from './fields.ts';
import { sealedSchema } from './sealed.ts';

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
  sealed: sealedSchema.optional(),
  maxStale: duration('how long fetched keys are used while the key server fails', {
    minMs: 600_000,
    maxMs: 604_800_000,
  }).prefault('24h'),
  ca: certificates('the only ones that may vouch for the key server').optional(),
});

/** Where an issuer's keys come from: exactly one of the five. */
export const keysSchema = keysShape.describe(
  'where the keys come from: exactly one of discovery, jwks, pem, secret, sealed',
);

export type KeysConfig = z.output<typeof keysSchema>;

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
  if (chosen.length === 0) {
    const weakness = factorability(pem);
    return weakness === undefined ? 'the key fits no algorithm' : `the key can be factored: ${weakness}`;
  }
  for (const algorithm of chosen) {
    const reason = unfit(pem, algorithm);
    if (reason !== undefined) return `${algorithm} ${reason}`;
  }
  return chosen;
}

function impliedAlgorithms(pem: KeyObject): readonly Algorithm[] {
  const fitting = algorithms.find(
    (algorithm) => secretBytesMin(algorithm) === 0 && unfit(pem, algorithm) === undefined,
  );
  return fitting === undefined ? [] : [fitting];
}

function unfit(pem: KeyObject, algorithm: Algorithm): string | undefined {
  if (secretBytesMin(algorithm) > 0) return undefined; // told by session-references.ts
  const needed = strengthNeeded(pem);
  return misfit(pem, algorithm) ?? (needed === undefined ? undefined : `needs ${needed}`);
}
