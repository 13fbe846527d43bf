import { z } from 'zod';

/** A place of a request where a token may stand. */
export type TokenPlace =
  | { readonly kind: 'bearer' }
  /** A cookie, whole or in chunks named `name`, `separator` and a number from 0. */
  | { readonly kind: 'cookie'; readonly name: string; readonly separator: '.' | '__' }
  /** The cookie of that name as @supabase/ssr writes it: a document that holds the token. */
  | { readonly kind: 'supabase'; readonly name: string };

const form = /^(?:bearer|cookie:[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}|supabase:[a-z0-9-]{1,63})$/;

/** A place as the file writes it. */
export const tokenPlace = z
  .string()
  .regex(form, 'must be bearer, cookie:NAME or supabase:REF')
  .describe('bearer, cookie:NAME or supabase:REF')
  .transform((text): TokenPlace => {
    const name = text.slice(text.indexOf(':') + 1);
    if (text.startsWith('cookie:')) return { kind: 'cookie', name, separator: '.' };
    return text === 'bearer' ? { kind: 'bearer' } : { kind: 'supabase', name: `sb-${name}-auth-token` };
  });

/** Tells places apart as the file does. */
export function placeName(place: TokenPlace): string {
  return place.kind === 'bearer' ? 'bearer' : `${place.kind}:${place.name}`;
}
