import { readFileSync } from 'node:fs';
import { isMap, parseDocument, type Document } from 'yaml';
import type { z } from 'zod';
import { fillIn, type FilledIn } from './fill-in.ts';
import { knownKeys } from './known-keys.ts';
import { checkNames } from './names.ts';
import { nearest } from './nearest.ts';
import { offsetTooDeep } from './nesting.ts';
import { ProblemList, type Path, type Problem } from './problems.ts';
import { checkReferences } from './references.ts';
import { configSchemaFor, type Config } from './schema.ts';
import { substitute, type Environment, type References } from './substitute.ts';
import { utf8Text } from './text.ts';
import { collectWarnings } from './warnings.ts';
import { yamlMessage } from './yaml-message.ts';

export type Loaded =
  | {
      readonly ok: true;
      readonly config: Config;
      readonly filledIn: readonly FilledIn[];
      /** What is most likely a mistake, in the order of the file. */
      readonly warnings: readonly Problem[];
    }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Room for some thousand embeds. */
const fileBytesMax = 1_048_576;

/**
 * Reads a configuration file of at most 1 MB: YAML, then `${env:…}` and `${file:…}`, then presets, then its shape, then what its
 * parts say of each other. Expressions are compiled and keys are read on the way, so a configuration
 * that loads is one that can serve. Reports all problems of the first stage that finds any, shape and
 * cross-references together, the first 100 of them. Reaches no network.
 *
 * @param file path of the YAML file, as problems will name it
 * @param environment where `${env:NAME}` looks
 */
export function loadConfig(file: string, environment: Environment): Loaded {
  const { text, fault } = readText(file);
  return fault === undefined ? readConfig(file, text, environment) : unread(file, fault);
}

type FileText =
  | { readonly text: string; readonly fault?: undefined }
  | { readonly text?: undefined; readonly fault: string };

function readText(file: string): FileText {
  try {
    const bytes = readFileSync(file);
    if (bytes.length > fileBytesMax) return { fault: `is larger than ${fileBytesMax} bytes` };
    const text = utf8Text(bytes);
    return text === undefined ? { fault: 'is not UTF-8' } : { text };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    return { fault: code === 'ENOENT' ? 'no such file' : `cannot be read (${code})` };
  }
}

function unread(file: string, fault: string): Loaded {
  const list = new ProblemList(file);
  list.add({ path: [] }, fault);
  return { ok: false, problems: list.sorted() };
}

export function readConfig(file: string, text: string, environment: Environment): Loaded {
  const tooDeep = offsetTooDeep(text);
  if (tooDeep !== undefined) return unparsed(file, text, tooDeep, 'is nested more than 64 levels deep');
  const document = parseDocument(text, { uniqueKeys: false, prettyErrors: false });
  // what follows a syntax error is mostly its echo
  const [broken] = document.errors.toSorted((a, b) => a.pos[0] - b.pos[0]);
  if (broken) return unparsed(file, text, broken.pos[0], yamlMessage(broken, text));
  const list = new ProblemList(file, text, document);
  if (!checkNames(document, list)) return { ok: false, problems: list.sorted() };
  const references = substitute(document, file, environment, list);
  const written = toRaw(document, list);
  if (written === undefined) return { ok: false, problems: list.sorted() };
  const { raw, filledIn } = fillIn(written);
  list.blameOn(filledIn);

  const parsed = parseShape(raw, references.substituted);
  for (const issue of parsed.error?.issues ?? []) addIssue(list, issue, references, raw);
  checkReferences(raw, references.unresolved, list);
  if (!parsed.success || !list.isEmpty) return { ok: false, problems: list.sorted() };

  const warnings = new ProblemList(file, text, document);
  warnings.blameOn(filledIn);
  collectWarnings(parsed.data, (spot, message) => {
    warnings.add(spot, message);
  });
  return { ok: true, config: parsed.data, filledIn, warnings: warnings.sorted() };
}

/** The one problem of a text whose parts have no paths. */
function unparsed(file: string, text: string, offset: number, message: string): Loaded {
  const list = new ProblemList(file, text);
  list.add({ path: [], offset, hideValue: true }, message);
  return { ok: false, problems: list.sorted() };
}

function toRaw(document: Document.Parsed, list: ProblemList): unknown {
  if (!isMap(document.contents)) {
    list.add({ path: [] }, 'must be a table of sections');
    return undefined;
  }
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch {
    list.add({ path: [] }, 'has too many aliases, or one without its anchor');
    return undefined;
  }
}

/** Parses, and gives a number or boolean that came out of `${…}`, hence as text, its type back. */
function parseShape(raw: unknown, substituted: ReadonlySet<string>): z.ZodSafeParseResult<Config> {
  const schema = configSchemaFor(raw);
  const first = schema.safeParse(raw, { reportInput: true });
  const typed = (first.error?.issues ?? []).filter(
    (issue) => wantsType(issue) && substituted.has(JSON.stringify(issue.path)),
  );
  const changed = typed.map(({ path }) => retype(raw, path)).includes(true);
  return changed ? schema.safeParse(raw, { reportInput: true }) : first;
}

/** True where a number or boolean was expected, among other things perhaps. */
function wantsType(issue: Issue): boolean {
  if (issue.code === 'invalid_union') return issue.errors.flat().some(wantsType);
  return issue.code === 'invalid_type' && ['number', 'int', 'boolean'].includes(issue.expected);
}

function retype(raw: unknown, path: Path): boolean {
  const parent = path
    .slice(0, -1)
    .reduce<unknown>((value, key) => Reflect.get(Object(value), key), raw) as object;
  const key = path.at(-1) ?? '';
  const text = String(Reflect.get(parent, key));
  if (!/^(true|false|\d{1,15})$/.test(text)) return false;
  return Reflect.set(parent, key, JSON.parse(text));
}

type Issue = z.core.$ZodIssue;

function addIssue(
  list: ProblemList,
  issue: Issue,
  { substituted, unresolved }: References,
  raw: unknown,
): void {
  if (unresolved.has(JSON.stringify(issue.path))) return;
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(issue.path, raw);
    for (const key of issue.keys) {
      const meant = list.isFull ? undefined : nearest(key, known);
      const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
      list.add({ path: [...issue.path, key], hideValue: true }, `is not a known key${hint}`);
    }
    return;
  }
  const offset: unknown = issue.code === 'custom' ? issue.params?.offset : undefined;
  if (offset !== undefined && substituted.has(JSON.stringify(issue.path))) {
    list.add({ path: issue.path }, 'is not an expression once ${…} is put in');
    return;
  }
  list.add({ path: issue.path, within: Number(offset ?? 0) }, issueMessage(issue));
}

/** What zod found, in words for whoever edits the file. Never holds the value itself. */
function issueMessage(issue: Issue): string {
  const isMissing = issue.code === 'invalid_type' || issue.code === 'invalid_union';
  if (isMissing && issue.input === undefined) return 'is missing';
  if (issue.code === 'invalid_type') return `must be ${article(issue.expected)}`;
  if (issue.code === 'invalid_value') {
    return `must be ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.map(String).join(', ')}`;
  }
  if (issue.code === 'too_small') {
    return issue.origin === 'array'
      ? 'is an empty list'
      : (custom(issue) ?? `must be at least ${issue.minimum}`);
  }
  if (issue.code === 'too_big') {
    return issue.origin === 'array'
      ? `has more than ${issue.maximum} entries`
      : `must be at most ${issue.maximum}`;
  }
  return issue.code === 'invalid_key' ? `is not a name: ${issue.issues[0]?.message ?? ''}` : issue.message;
}

function custom({ message }: Issue): string | undefined {
  return message.startsWith('Too small') ? undefined : message;
}

function article(type: string): string {
  const words: Record<string, string> = {
    object: 'a table',
    record: 'a table',
    array: 'a list',
    string: 'a text (write it in quotes)',
    int: 'a whole number',
    boolean: 'true or false',
  };
  return words[type] ?? `a ${type}`;
}
