import { isPair, isScalar, visit, type Document, type Scalar } from 'yaml';
import { isSecretName } from './secret-names.ts';

/** A line of the file as it may be shown, and where in it the problem is. */
export interface ShownLine {
  readonly source: string;
  /** UTF-16 units from the start of `source`. */
  readonly caret: number;
}

/** Longer lines are not shown: nobody reads them, and what is masked in a line must not be cut. */
export const shownCharactersMax = 400;

/** Shows the line around an offset. `own` is the value that the problem is about, when it may be shown. */
export type ShowLine = (offset: number, own: Scalar | undefined) => ShownLine;

/**
 * Shows lines of a configuration with nothing in them that might be a secret: their keys, the one value
 * that the problem is about, and references such as `${env:NAME}`. Every other value is `…`, since
 * which of them is a secret under a misspelt name is anyone's guess.
 *
 * @param document undefined when the text is no YAML: then a leading key and references are all that is shown
 */
export function createShowLine(text: string, document: Document.Parsed | undefined): ShowLine {
  let spans: readonly Span[] | undefined;
  return (offset, own) => {
    const start = text.lastIndexOf('\n', offset - 1) + 1;
    const end = text.indexOf('\n', offset);
    const line = text.slice(start, end === -1 ? undefined : end).replace(/\r$/, '');
    if (line.trim() === '' || line.length > shownCharactersMax) return { source: '', caret: 0 };
    if (document === undefined) return showBroken(line, offset - start);
    spans ??= spansOf(document, text);
    const inLine = spans.filter(({ from, to }) => from < start + line.length && start < to);
    return showParsed({ line, start, offset }, inLine, own);
  };
}

function showBroken(line: string, column: number): ShownLine {
  const key = /^[\s-]*[\w.-]{1,40}:(?=\s|$)/.exec(line)?.[0] ?? '';
  const references = line.match(/\$\{(?:env|file):[\w./-]*\}/g) ?? [];
  const source = masked([key, '…', ...references.flatMap((one) => [one, '…'])].join(' '));
  return { source, caret: Math.min(column, source.length - 1) };
}

function showParsed(
  { line, start, offset }: { readonly line: string; readonly start: number; readonly offset: number },
  spans: readonly Span[],
  own: Scalar | undefined,
): ShownLine {
  let source = '';
  let caret = 0;
  for (const [column, character] of line.split('').entries()) {
    const at = start + column;
    if (at === offset) caret = source.length;
    const inside = spans.find(({ from, to }) => from <= at && at < to);
    if (!inside && character === '#') break;
    const isShown = inside ? inside.isShown || inside.scalar === own : /[\s?:,[\]{}-]/.test(character);
    if (isShown) source += character;
    else if (!source.endsWith('…')) source += '…';
  }
  return { source: masked(source), caret: offset - start >= line.length ? source.length : caret };
}

interface Span {
  readonly from: number;
  readonly to: number;
  readonly scalar: Scalar;
  readonly isShown: boolean;
}

function spansOf(document: Document.Parsed, text: string): readonly Span[] {
  const spans: Span[] = [];
  visit(document, {
    Scalar(key, scalar, ancestors) {
      const [from, to] = scalar.range ?? [0, 0];
      const isKey = key === 'key';
      const above = ancestors.filter(isPair).slice(0, isKey ? -1 : undefined);
      const isSecret = above.some((pair) => isScalar(pair.key) && isSecretName(String(pair.key.value)));
      const isShown = isKey ? !isSecret : isReference(text.slice(from, to));
      spans.push({ from, to, scalar, isShown });
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
