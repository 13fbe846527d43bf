import { createRequire } from 'node:module';
import type * as Tldts from 'tldts';

let tldts: typeof Tldts | undefined;

/**
 * Whether strangers can have names directly below a domain: `com`, `co.uk`, and with the list's private part
 * `github.io`, `cloudfront.net`. A name that the list does not hold, such as `internal`, is none.
 *
 * The list takes some 60 ms to load, so it is loaded with the first question.
 *
 * @param domain lower-case labels, in ASCII, with or without a dot at the end
 * @see https://publicsuffix.org/list/
 */
export function isPublicSuffix(domain: string): boolean {
  tldts ??= createRequire(import.meta.url)('tldts') as typeof Tldts;
  const name = domain.replace(/\.$/, '');
  const { publicSuffix, isIcann, isPrivate } = tldts.parse(name, { allowPrivateDomains: true });
  return publicSuffix === name && (isIcann === true || isPrivate === true);
}

/** Whether strangers can have hosts below a domain: it is a public suffix, or every name below it is (`*.ck`). */
export function hasStrangersBelow(domain: string): boolean {
  return isPublicSuffix(domain) || isPublicSuffix(`any-name.${domain}`);
}
