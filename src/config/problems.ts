import { isMap, isNode, isScalar, isSeq, LineCounter, type Document, type Node } from 'yaml';
import { escapeUnseen } from './escape-unseen.ts';
import type { FilledIn } from './fill-in.ts';
import { isSecretName } from './secret-names.ts';
import { createShowLine, masked, type ShowLine, type ShownLine } from './shown-line.ts';

export type Path = readonly PropertyKey[];

/** Notes a problem at a path. */
export type Add = (path: Path, message: string) => void;

/** One thing wrong with a configuration file, with where it is. Line and column count from 1. */
export interface Problem extends ShownLine {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Such as `sessions[0].keys.jwks`. */
  readonly path: string;
  readonly message: string;
}

/**
 * `file:line:column path: message`, then the line, where there is one, and a caret below the column. For a
 * terminal: what would reorder, hide or end a line of it is escaped.
 */
export function formatProblem(problem: Problem): string {
  const { source, caret } = problem;
  const first = escapeUnseen(headline(problem));
  if (source === '') return first;
  const before = escapeUnseen(source.slice(0, caret)).length;
  return `${first}\n  ${escapeUnseen(source)}\n  ${' '.repeat(before)}^`;
}

/** The first line of {@link formatProblem}, for the log. */
export function headline({ file, line, column, path, message }: Problem): string {
  return `${file}:${line}:${column} ${path}: ${message}`;
}

/** Where in a file a problem sits: a path into the document, or an offset where there is no path yet. */
export interface Spot {
  readonly path: Path;
  /** UTF-16 units from the start of the file; default: found from the path. */
  readonly offset?: number;
  /** UTF-16 units into the value at the path. */
  readonly within?: number;
  /** True for a key nobody knows, whose value might be a misplaced secret. */
  readonly hideValue?: boolean;
}

const problemsMax = 100;
const keyCharactersMax = 100;

/** Keeps the first 100 problems, and counts the others. */
export class ProblemList {
  readonly #problems: Problem[] = [];
  #omitted = 0;
  readonly #file: string;
  readonly #text: string;
  readonly #lines: LineCounter;
  readonly #document: Document.Parsed | undefined;
  #filledIn: readonly FilledIn[] = [];
  readonly #showLine: ShowLine;

  constructor(file: string, text = '', document?: Document.Parsed) {
    this.#file = file;
    this.#text = text;
    this.#document = document;
    this.#lines = linesOf(text);
    this.#showLine = createShowLine(text, document);
  }

  get isEmpty(): boolean {
    return this.#problems.length === 0;
  }

  get isFull(): boolean {
    return this.#problems.length === problemsMax;
  }

  /** From now on a problem with what is not in the file names the preset that gave it, or did not. */
  blameOn(filledIn: readonly FilledIn[]): void {
    this.#filledIn = filledIn;
  }

  add(spot: Spot, message: string): void {
    if (this.isFull) {
      this.#omitted += 1;
      return;
    }
    const found = locate(this.#document?.contents, spot);
    const offset = Math.min(spot.offset ?? found.offset, this.#text.length);
    const { line, col } = this.#lines.linePos(offset);
    const isHidden =
      spot.hideValue === true || spot.path.length === 0 || spot.path.some((key) => isSecretName(String(key)));
    const own = isHidden || !isScalar(found.node) ? undefined : found.node;
    this.#problems.push({
      file: this.#file,
      line: Math.max(line, 1),
      column: Math.max(col, 1),
      path: masked(formatPath(spot.path)),
      message: found.node ? message : message + this.#blame(spot.path),
      ...this.#showLine(offset, own),
    });
  }

  #blame([section, index, key]: Path): string {
    const entry = this.#filledIn.find((one) => section === 'sessions' && one.index === index);
    if (!entry) return '';
    const gave = Object.hasOwn(entry.fields, key ?? '') ? 'filled in by' : 'not filled in by';
    return ` (${gave} preset: ${entry.preset})`;
  }

  /** In the order of the file; at the end, how many more there are. */
  sorted(): readonly Problem[] {
    const kept = this.#problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
    const last = kept.at(-1);
    if (last === undefined || this.#omitted === 0) return kept;
    const message = `has ${this.#omitted} more problems`;
    return [...kept, { ...last, path: formatPath([]), message, source: '', caret: 0 }];
  }
}

function linesOf(text: string): LineCounter {
  const lines = new LineCounter();
  lines.addNewLine(0);
  for (const { index } of text.matchAll(/\n/g)) lines.addNewLine(index + 1);
  return lines;
}

/** Such as `sessions[0].keys.jwks`. */
export function formatPath(path: Path): string {
  const text = path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${shortened(String(key))}`))
    .join('');
  return text === '' ? 'configuration' : text.replace(/^\./, '');
}

function shortened(key: string): string {
  return key.length > keyCharactersMax ? '…' : key;
}

interface Found {
  readonly offset: number;
  readonly node?: Node;
}

/** The deepest node on the path: the value, or its key where there is no value to point at. */
function locate(root: Node | null | undefined, { path, within = 0, hideValue }: Spot): Found {
  let node: unknown = root;
  let offset = root?.range?.[0] ?? 0;
  for (const key of path) {
    const pair = isMap(node)
      ? node.items.find((item) => isScalar(item.key) && item.key.value === key)
      : undefined;
    if (pair && isScalar(pair.key)) offset = pair.key.range?.[0] ?? offset;
    node = isSeq(node) && typeof key === 'number' ? node.items[key] : pair?.value;
    if (!isNode(node)) return { offset };
    if (hideValue !== true || key !== path.at(-1)) offset = node.range?.[0] ?? offset;
  }
  if (!isScalar(node)) return isNode(node) ? { offset, node } : { offset };
  const isBlock = node.type?.startsWith('BLOCK') === true;
  const quote = node.type?.startsWith('QUOTE') === true ? 1 : 0;
  return { offset: within > 0 && !isBlock ? offset + quote + within : offset, node };
}
