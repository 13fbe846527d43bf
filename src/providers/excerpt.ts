import { fieldsOf } from '../gateway/json-object.ts';
import { privateValues, type PrivateValues } from './private-values.ts';

const readMax = 2000;
const wordsMax = 60;

/**
 * What a provider said in an error, for the log: its status, its trace id, its words. Read as
 * `{reason, details, traceId}` where it is that, else as text. All that is logged of an answer goes through here.
 *
 * Providers repeat what they were sent, cut, escaped or encoded in ways that no list can hold, so words are let
 * through, not taken out.
 *
 * @param hidden the secrets, and whatever else is private of the call
 */
export function said(
  { status, text }: { readonly status: number; readonly text: string },
  hidden: readonly string[],
): string {
  const fields = fieldsOf(text);
  const secrets = privateValues([...hidden, ...credentialsIn(text, fields)]);
  const words = [fields.reason, fields.details].filter((part) => typeof part === 'string').join(' ');
  const trace = traceOf(fields.traceId, secrets);
  return `status ${status}:${trace === undefined ? '' : ` trace ${trace}:`} ${excerpt(words === '' ? text : words, secrets)}`;
}

/** What a frame would be opened with: a provider may name it in an answer that is no success, too. */
function credentialsIn(text: string, fields: Readonly<Record<string, unknown>>): readonly string[] {
  const named = [fields.url, fields.token, fields.sessionId].filter((value) => typeof value === 'string');
  const addresses = [...named, ...(text.slice(0, readMax).match(/\bhttps?:[^\s"'<>]+/gi) ?? [])];
  const queries = addresses.flatMap((address) => address.split(/[?#]/).slice(1));
  const pathParts = addresses
    .flatMap((address) => address.split(/[/?#&=]+/))
    .filter(({ length }) => length > 15);
  return [...named, ...queries.flatMap((query) => query.split(/[&=]/)), ...pathParts];
}

/** Words that are plain prose and no part of anything private; the rest is `…`. */
function excerpt(text: string, secrets: PrivateValues): string {
  const words = text.slice(0, readMax).split(/[\s"'`,:;()[\]{}]+/, wordsMax);
  const shown = words.filter((word) => word !== '').map((word) => (isProse(word, secrets) ? word : '…'));
  if (secrets.isSpeltBy(shown)) return '…';
  return shown.filter((word, index) => word !== '…' || shown[index - 1] !== '…').join(' ');
}

/** A word of letters, or a status that says of an error: other numbers may be characters of what was sent. */
function isProse(word: string, secrets: PrivateValues): boolean {
  return /^(?:[A-Za-z][A-Za-z_-]{0,24}|[45]\d\d)[.!?]?$/.test(word) && !secrets.isIn(word);
}

/** A trace id as it stands, unless something private shows in it. */
function traceOf(traceId: unknown, secrets: PrivateValues): string | undefined {
  if (typeof traceId !== 'string' || !/^[\w-]{1,64}$/.test(traceId)) return undefined;
  return secrets.isIn(traceId) ? undefined : traceId;
}
