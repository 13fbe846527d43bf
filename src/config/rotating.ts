import { z } from 'zod';
import { secret } from './fields.ts';
import { Secret } from './secret.ts';

/**
 * One secret, or a list of two during a rotation; given on as a list.
 *
 * @param what it is called, such as `a workspace token`
 * @param fault why a text cannot be one
 */
export function rotating(
  what: string,
  description: string,
  fault: (text: string) => string | undefined,
): z.ZodType<readonly Secret[]> {
  const one = secret(what);
  return z
    .union([one, z.array(one).min(1).max(2)], {
      error: `must be ${what}, or a list of two during a rotation`,
    })
    .describe(`${description}; a list of two during a rotation`)
    .check(({ value, issues }) => {
      // an entry that is no secret has its problem already
      for (const [index, entry] of [value].flat().entries() as Iterable<[number, unknown]>) {
        const message = entry instanceof Secret ? fault(entry.reveal()) : undefined;
        if (message === undefined) continue;
        issues.push({ code: 'custom', message, input: '', path: Array.isArray(value) ? [index] : [] });
      }
    })
    .transform((found) => [found].flat());
}

/** Why a text cannot be sent in a header. */
export function headerFault(text: string): string | undefined {
  return /^[\x21-\x7e]+$/.test(text)
    ? undefined
    : 'must be visible ASCII without white space: it goes into a header';
}
