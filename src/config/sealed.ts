import { z } from 'zod';
import { secret } from './fields.ts';

const sealedFormats = ['authjs', 'next-auth', 'nextjs-auth0'] as const;
export type SealedFormat = (typeof sealedFormats)[number];

/** Each is derived for and tried on a request, so that there are few. */
const secretsMax = 4;

/** Cookies that a host library encrypts with a key derived from the host's own secret. */
export const sealedSchema = z
  .strictObject({
    format: z
      .enum(sealedFormats)
      .describe(
        'the library that seals: authjs (@auth/core 0.18.1 and later), next-auth (4), nextjs-auth0 (4)',
      ),
    secret: z
      .union([secret('the host’s secret'), z.array(secret('the host’s secret')).min(1).max(secretsMax)], {
        error: `must be a secret, or a list of at most ${secretsMax} during a rotation`,
      })
      .describe('the host’s secret, at least 32 characters; a list during a rotation')
      .transform((given) => [given].flat()),
  })
  .describe('sealed cookies, found by their name; needs `name` in the place of `issuer`');

export type SealedConfig = z.output<typeof sealedSchema>;
