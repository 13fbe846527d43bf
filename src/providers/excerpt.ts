import { fieldsOf } from '../gateway/json-object.ts';

const readMax = 2000;
const wordsMax = 60;

/**
 * What may be logged of a provider's own words: those that are plain prose and no part of anything
 * private; the rest is `…`. Providers repeat what they were sent, cut, escaped or encoded in ways that
 * nobody can list, so words are let through, not taken out.
 *
 * @param hidden the secret, and whatever the request filtered rows by
 */
function excerpt(text: string, hidden: readonly string[]): string {
  const secrets = hidden.map(normal).filter((secret) => secret !== '');
  const words = text.slice(0, readMax).split(/[\s"'`,:;()[\]{}]+/, wordsMax);
  const shown = words.filter((word) => word !== '').map((word) => (isProse(word, secrets) ? word : '…'));
  return shown.filter((word, index) => word !== '…' || shown[index - 1] !== '…').join(' ');
}

/** A word of letters, or a number as short as a status, that no private value has in it or is in. */
function isProse(word: string, secrets: readonly string[]): boolean {
  if (!/^(?:[A-Za-z][A-Za-z_-]{0,24}|\d{3})[.!?]?$/.test(word)) return false;
  const plain = normal(word);
  return !secrets.some(
    (secret) =>
      secret === plain ||
      (plain.length > 2 && secret.includes(plain)) ||
      (secret.length > 2 && plain.includes(secret)),
  );
}

/**
 * What a provider said in an error, for the log: its status, its trace id, its words. Read as
 * `{reason, details, traceId}` where it is that, else as text.
 */
export function said(
  { status, text }: { readonly status: number; readonly text: string },
  hidden: readonly string[],
): string {
  const { reason, details, traceId } = fieldsOf(text);
  const words = [reason, details].filter((part) => typeof part === 'string').join(' ');
  const trace = traceOf(traceId, hidden);
  return `status ${status}:${trace === undefined ? '' : ` trace ${trace}:`} ${excerpt(words === '' ? text : words, hidden)}`;
}

/** A trace id as it stands, unless it is something private in its place. */
function traceOf(traceId: unknown, hidden: readonly string[]): string | undefined {
  if (typeof traceId !== 'string' || !/^[\w-]{1,64}$/.test(traceId)) return undefined;
  const plain = normal(traceId);
  const isPrivate = hidden.map(normal).some((secret) => secret.length > 5 && plain.includes(secret));
  return isPrivate || hidden.map(normal).includes(plain) ? undefined : traceId;
}

/** Without case, accents, or anything but letters and digits. */
function normal(text: string): string {
  return text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '');
}
