import { isPair, isScalar, visit, type Document, type Scalar } from 'yaml';
import { isSecretName } from './secret-names.ts';

/** A line of the file as it may be shown, and where in it the problem is. */
export interface ShownLine {
  readonly source: string;
  /** UTF-16 units from the start of `source`. */
  readonly caret: number;
}

/**
 * Shows a line of a configuration with nothing in it that might be a secret: its keys, the one value
 * that the problem is about, and references such as `${env:NAME}`. Every other value is `…`, since
 * which of them is a secret under a misspelt name is anyone's guess.
 *
 * @param document undefined when the text is no YAML: then a leading key and references are all that is shown
 * @param own the value the problem is about, when it may be shown
 */
export function showLine(
  text: string,
  offset: number,
  document: Document.Parsed | undefined,
  own: Scalar | undefined,
): ShownLine {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  const end = text.indexOf('\n', offset);
  const line = text.slice(start, end === -1 ? undefined : end).replace(/\r$/, '');
  if (document === undefined) {
    if (line.trim() === '') return { source: '', caret: 0 };
    const key = /^[\s-]*[\w.-]{1,40}:(?=\s|$)/.exec(line)?.[0] ?? '';
    const references = line.match(/\$\{(?:env|file):[\w./-]*\}/g) ?? [];
    const source = masked([key, '…', ...references.flatMap((one) => [one, '…'])].join(' '));
    return { source, caret: Math.min(offset - start, source.length - 1) };
  }
  const scalars = scalarsOf(document, text, own);
  let source = '';
  let caret = 0;
  for (let at = start; at < start + line.length; at += 1) {
    const character = text.charAt(at);
    if (at === offset) caret = source.length;
    const inside = scalars.find(({ from, to }) => from <= at && at < to);
    if (!inside && character === '#') break;
    if (inside?.isShown ?? /[\s?:,[\]{}-]/.test(character)) source += character;
    else if (!source.endsWith('…')) source += '…';
  }
  return { source: masked(source), caret: offset - start >= line.length ? source.length : caret };
}

interface Span {
  readonly from: number;
  readonly to: number;
  readonly isShown: boolean;
}

function scalarsOf(document: Document.Parsed, text: string, own: Scalar | undefined): readonly Span[] {
  const spans: Span[] = [];
  visit(document, {
    Scalar(key, node, ancestors) {
      const [from, to] = node.range ?? [0, 0];
      const isKey = key === 'key';
      const above = ancestors.filter(isPair).slice(0, isKey ? -1 : undefined);
      const isSecret = above.some((pair) => isScalar(pair.key) && isSecretName(String(pair.key.value)));
      const isShown = node === own || (isKey ? !isSecret : isReference(text.slice(from, to)));
      spans.push({ from, to, isShown });
    },
  });
  return spans;
}

function isReference(source: string): boolean {
  return /^(["']?)\$\{(env|file):[^}]*\}\1$/.test(source);
}

const userinfo = /\/\/\S*@/g;
const query = /(:\/\/[^\s?#]*)[?#]\S*/g;
const opaqueWord = /(?<![\w-])(?=[\w+/=-]*\d)[\w+/=-]{24,}/g;
const uuid = /^[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}$/i;

/** Leaves out what looks like a secret wherever it stands: userinfo and query of a URL, long opaque words. */
export function masked(text: string): string {
  return text
    .replace(userinfo, '//…@')
    .replace(query, '$1?…')
    .replace(opaqueWord, (word) => (uuid.test(word) ? word : '…'));
}
