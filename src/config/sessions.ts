import { z } from 'zod';
import { algorithms } from './algorithms.ts';
import { duration, expression, name, sessionVariables } from './fields.ts';
import { fitAlgorithms, keysSchema } from './keys.ts';
import { presetFields, presetNames } from './presets.ts';
import { tokenPlace, type TokenPlace } from './token-places.ts';

const beforeUser = ['claims', 'issuer'] as const;

/** Default of `clockTolerance`: what the libraries that seal cookies allow themselves is more than a signer needs. */
const clockToleranceMs = { sealed: 15_000, signed: 5000 };

const sessionShape = z
  .strictObject({
    issuer: z
      .string()
      .min(1, 'is empty')
      .describe('the iss claim, to the letter; it picks this entry')
      .optional(),
    name: name
      .describe('with keys.sealed, in the place of issuer: what expressions and the log call these sessions')
      .optional(),
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
    clockTolerance: duration('how far clocks may differ; default 5s, with keys.sealed 15s', {
      minMs: 0,
      maxMs: 300_000,
    }).optional(),
    maxAge: duration('oldest token accepted, counted from iat', {
      minMs: 1000,
      maxMs: 2_592_000_000,
    }).prefault('24h'),
    require: z
      .array(expression('must be true, or the session is refused', sessionVariables))
      .describe('what must be true of every session')
      .default([]),
    impersonation: z
      .boolean()
      .describe('whether a session with an act claim is believed: somebody else acts as the user')
      .default(false),
    tenant: expression('the tenant: must give a non-empty string', beforeUser),
    user: expression('the user: must give a non-empty string', beforeUser).prefault('claims.sub'),
  })
  .describe('one issuer whose tokens are believed');

const preset = z.enum(presetNames).describe('the product that signs, from which most of an entry follows');

/** An entry once its preset is filled in. */
export const sessionSchema = sessionShape
  .extend({ preset: preset.optional(), ...presetFields })
  .transform((session, context) => {
    const { sealed } = session.keys;
    const fitted = fitAlgorithms(session.keys, session.algorithms);
    if (typeof fitted === 'string') {
      context.issues.push({ code: 'custom', message: fitted, input: session, path: ['algorithms'] });
      return z.NEVER;
    }
    return {
      ...session,
      issuer: session.issuer ?? session.name ?? '', // that one is given is held by session-references.ts
      tokens: sealed?.format === 'nextjs-auth0' ? session.tokens.map(chunkedByAuth0) : session.tokens,
      algorithms: fitted,
      clockTolerance: session.clockTolerance ?? clockToleranceMs[sealed ? 'sealed' : 'signed'],
    };
  });

/** An entry as the file may write it: in full, or with a preset. */
export const writtenSessionSchema = z.union([
  sessionShape,
  sessionShape
    .partial({ keys: true, tenant: true })
    .extend({ preset, ...presetFields })
    .describe('one issuer whose tokens are believed, as its product makes them'),
]);

export type SessionConfig = z.output<typeof sessionSchema>;

function chunkedByAuth0(place: TokenPlace): TokenPlace {
  return place.kind === 'cookie' ? { ...place, separator: '__' } : place;
}
