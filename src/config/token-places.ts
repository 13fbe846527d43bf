import { z } from 'zod';

/** A place of a request where a token may stand. */
export type TokenPlace =
  | { readonly kind: 'bearer' }
  /** A cookie, whole or in chunks named `name`, `separator` and a number from 0. */
  | { readonly kind: 'cookie'; readonly name: string; readonly separator: '.' | '__' };

const form = /^(?:bearer|cookie:[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128})$/;

/** A place as the file writes it. */
export const tokenPlace = z
  .string()
  .regex(form, 'must be bearer or cookie:NAME')
  .describe('bearer, or cookie:NAME')
  .transform((text): TokenPlace => {
    const name = text.slice(text.indexOf(':') + 1);
    return text === 'bearer' ? { kind: 'bearer' } : { kind: 'cookie', name, separator: '.' };
  });

/** Tells places apart as the file does. */
export function placeName(place: TokenPlace): string {
  return place.kind === 'bearer' ? 'bearer' : `${place.kind}:${place.name}`;
}
