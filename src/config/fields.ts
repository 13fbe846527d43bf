import { z } from 'zod';
import { readCertificates } from './certificates.ts';
import { compileExpression, ExpressionError, type Expression, type Variables } from './expressions.ts';
import { durationPattern, formatDuration, parseDuration } from './duration.ts';
import { Secret } from './secret.ts';
import { isSecureUrl, parseUrl } from './urls.ts';

/** A duration as text, given on as milliseconds. */
export function duration(description: string, limits: { readonly minMs: number; readonly maxMs: number }) {
  const range = `${formatDuration(limits.minMs)} to ${formatDuration(limits.maxMs)}`;
  return z
    .string()
    .regex(durationPattern, 'must be a duration such as 500ms, 15s, 10m, 12h or 1d')
    .describe(`${description} (${range})`)
    .transform((text, context) => {
      const ms = parseDuration(text);
      if (ms !== undefined && ms >= limits.minMs && ms <= limits.maxMs) return ms;
      context.issues.push({ code: 'custom', message: `must be from ${range}`, input: text });
      return z.NEVER;
    });
}

/** Claims that the users of Supabase, Auth0 and Clerk write themselves. */
const editedByUsers = /\b(?:user_metadata|unsafe_metadata)\b/;

/**
 * A CEL expression, compiled here so that a mistake in it is a problem of the configuration. What users
 * edit themselves decides nothing, so an expression that names it is one too.
 *
 * @param use `shown` where what it gives is only shown
 */
export function expression(
  description: string,
  variables: readonly (keyof Variables)[],
  use: 'decides' | 'shown' = 'decides',
) {
  return z
    .string()
    .min(1, 'is empty')
    .describe(`${description} (CEL over ${variables.join(', ')})`)
    .transform((text, context): Expression => {
      try {
        const compiled = compileExpression(text, variables);
        const edited = use === 'decides' ? editedByUsers.exec(text) : null;
        if (!edited) return compiled;
        const message = `${edited[0]} is what users edit themselves; app_metadata and public_metadata are not`;
        throw new ExpressionError(message, edited.index);
      } catch (error) {
        if (!(error instanceof ExpressionError)) throw error;
        context.issues.push({
          code: 'custom',
          message: error.message,
          input: text,
          params: { offset: error.offset },
        });
        return z.NEVER;
      }
    });
}

export const sessionVariables = ['claims', 'issuer', 'tenant', 'user'] as const;

/** Text that must not be printed: it leaves the loader as a {@link Secret}. */
export function secret(description: string) {
  return z
    .string()
    .min(1, 'is empty')
    .describe(`${description} (a secret: use \${env:NAME} or \${file:/path})`)
    .meta({ writeOnly: true })
    .transform((text) => new Secret(text));
}

/** Certificates in PEM form, as text. */
export function certificates(description: string) {
  return z
    .string()
    .describe(`certificates in PEM form: ${description}`)
    .transform((text, context): string => {
      if (readCertificates(text) !== undefined) return text;
      const message = 'must be one or more certificates in PEM form';
      context.issues.push({ code: 'custom', message, input: '' });
      return z.NEVER;
    });
}

/** An https URL, or http to a loopback host, without user, password, query or fragment. */
export function secureUrl(description: string) {
  return z
    .string()
    .describe(description)
    .transform((text, context) => {
      const url = parseUrl(text);
      if (url && isSecureUrl(url) && url.search === '' && url.hash === '') return url;
      context.issues.push({
        code: 'custom',
        message: 'must be an https:// URL (http:// only to a loopback host) without user, query or fragment',
        input: text,
      });
      return z.NEVER;
    });
}

/** Names that operators give: embeds, providers, inputs, attributes. */
export const name = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/, 'must be a letter, then at most 63 letters, digits, "-" or "_"');

/** A table from names to values, kept in the order of the file and without a prototype. */
export function table<Item extends z.ZodType>(item: Item, description: string) {
  return z
    .record(name, item)
    .describe(description)
    .transform((record): ReadonlyMap<string, z.output<Item>> => new Map(Object.entries(record)));
}
