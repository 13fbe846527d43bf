import { z } from 'zod';
import { algorithms } from './algorithms.ts';
import { duration, expression, sessionVariables } from './fields.ts';
import { fitAlgorithms, keysSchema } from './keys.ts';

/** A place of a request where a token may stand. */
export type TokenPlace = { readonly kind: 'bearer' } | { readonly kind: 'cookie'; readonly name: string };

const tokenPlace = z
  .string()
  .regex(/^(bearer|cookie:[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128})$/, 'must be bearer or cookie:NAME')
  .describe('bearer, or cookie:NAME')
  .transform((text): TokenPlace =>
    text === 'bearer' ? { kind: 'bearer' } : { kind: 'cookie', name: text.slice(7) },
  );

const beforeUser = ['claims', 'issuer'] as const;

export const sessionSchema = z
  .strictObject({
    issuer: z.string().min(1, 'is empty').describe('the iss claim, to the letter; it picks this entry'),
    audience: z
      .union([z.string().min(1), z.array(z.string().min(1)).min(1)], 'must be a string or a list of strings')
      .describe('accepted aud claims, one or a list; left out: require must say what replaces it')
      .optional(),
    tokens: z.array(tokenPlace).min(1).describe('where to look for the token').prefault(['bearer']),
    keys: keysSchema,
    algorithms: z
      .array(z.enum(algorithms).describe('JWS algorithm (RFC 7518)'))
      .min(1)
      .describe('accepted algorithms; required with jwks and discovery, else implied by the key')
      .optional(),
    clockTolerance: duration('how far clocks may differ', { minMs: 0, maxMs: 300_000 }).prefault('5s'),
    maxAge: duration('oldest token accepted, counted from iat', {
      minMs: 1000,
      maxMs: 2_592_000_000,
    }).prefault('24h'),
    require: z
      .array(expression('must be true, or the session is refused', sessionVariables))
      .describe('what must be true of every session')
      .default([]),
    tenant: expression('the tenant: must give a non-empty string', beforeUser),
    user: expression('the user: must give a non-empty string', beforeUser).prefault('claims.sub'),
  })
  .describe('one issuer whose tokens are believed')
  .transform((session, context) => {
    const fitted = fitAlgorithms(session.keys, session.algorithms);
    if (typeof fitted !== 'string') return { ...session, algorithms: fitted };
    context.issues.push({ code: 'custom', message: fitted, input: session, path: ['algorithms'] });
    return z.NEVER;
  });

export type SessionConfig = z.output<typeof sessionSchema>;
