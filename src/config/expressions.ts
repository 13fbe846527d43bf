import {
  celEnv,
  celFunc,
  CelScalar,
  isCelError,
  isCelList,
  isCelMap,
  isCelUint,
  parse,
  plan,
  type CelInput,
  type CelValue,
} from '@bufbuild/cel';
import { strings } from '@bufbuild/cel/ext';
import { unknownNames } from './expression-names.ts';
import { nearest } from './nearest.ts';
import { isPlainText } from './text.ts';

/** What a claim holds and an expression gives: JSON, with maps that have no prototype to pollute. */
export type Value = null | boolean | number | string | readonly Value[] | Claims;
export type Claims = ReadonlyMap<string, Value>;

/** The names an expression may use, and what they stand for. */
export interface Variables {
  readonly claims: Claims;
  readonly issuer: string;
  readonly tenant?: string;
  readonly user?: string;
}

export interface Expression {
  readonly text: string;
  /** The value; undefined when evaluation fails, as for a claim that is not there. Never throws. */
  evaluate(variables: Variables): Value | undefined;
}

/** Why an expression was not accepted; `offset` counts UTF-16 units from its start. */
export class ExpressionError extends Error {
  readonly offset: number;

  constructor(message: string, offset = 0) {
    super(message);
    this.name = 'ExpressionError';
    this.offset = offset;
  }
}

const charactersMax = 2000;
const nestingMax = 32;

const json = celFunc('json', [CelScalar.DYN], CelScalar.STRING, (input) => {
  const value = toValue(input);
  if (value === undefined || !isFilled(value)) throw new Error('json() of an absent or empty value');
  return JSON.stringify(toJson(value));
});

const environment = celEnv({ funcs: [...strings, json] });

/**
 * Compiles a CEL expression once, so that a mistake in it is found at start.
 *
 * Besides the standard functions and the strings extension there is `json(x)`, which gives the JSON
 * text of x and fails where x is or holds, at any depth, null, a blank text, `[]`, `{}` or a text or name
 * that is no plain text: an empty value must not turn into a filter that filters nothing.
 *
 * @param variables the names the expression may use
 * @throws {ExpressionError} it is over 2000 characters or 32 brackets deep, does not parse, or names
 *   an unknown variable or function
 * @see https://github.com/google/cel-spec/blob/master/doc/langdef.md
 */
export function compileExpression(text: string, variables: readonly (keyof Variables)[]): Expression {
  const parsed = parseExpression(text);
  const [unknown] = unknownNames(parsed, variables, (name) => environment.funcs.find(name) !== undefined);
  if (unknown) {
    const { kind, name, offset } = unknown;
    const hint = kind === 'variable' ? variableHint(name, variables, text.trim() === name) : '';
    throw new ExpressionError(`unknown ${kind} ${JSON.stringify(name)}${hint}`, offset);
  }
  const run = plan(environment, parsed);
  return {
    text,
    evaluate(bindings) {
      const result = run(bindings as unknown as Record<string, CelInput>);
      return isCelError(result) ? undefined : toValue(result);
    },
  };
}

function variableHint(name: string, variables: readonly string[], isAlone: boolean): string {
  const meant = nearest(name, variables);
  const known = `; known here: ${variables.join(', ')}`;
  if (meant !== undefined) return `${known}; did you mean ${meant}?`;
  const isText = isAlone && name !== 'tenant' && name !== 'user';
  return isText ? `${known}; for the text ${name} write '"${name}"'` : known;
}

function capSize(text: string): void {
  if (text.length > charactersMax) {
    throw new ExpressionError(`an expression has at most ${charactersMax} characters`);
  }
  let depth = 0;
  for (const [offset, character] of text.split('').entries()) {
    if ('([{'.includes(character)) depth += 1;
    if (')]}'.includes(character)) depth -= 1;
    if (depth > nestingMax) throw new ExpressionError(`nested more than ${nestingMax} brackets deep`, offset);
  }
}

/** @throws {ExpressionError} it is over 2000 characters or 32 brackets deep, or does not parse */
export function parseExpression(text: string): ReturnType<typeof parse> {
  capSize(text);
  try {
    return parse(text);
  } catch (error) {
    const { rawMessage, location } = error as {
      rawMessage?: string;
      location?: { start: { offset: number } };
    };
    throw new ExpressionError(`does not parse: ${rawMessage ?? 'syntax error'}`, location?.start.offset ?? 0);
  }
}

/** Undefined for what JSON cannot say: bytes, timestamps, types, integers beyond 2^53, maps keyed by other than strings. */
function toValue(value: CelValue): Value | undefined {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value === 'bigint') return toSafeNumber(value);
  if (isCelUint(value)) return toSafeNumber(value.value);
  if (isCelList(value)) return allOrNothing(Array.from(value, toValue));
  if (isCelMap(value)) {
    const entries = Array.from(value, ([key, item]) => [key, toValue(item)] as const);
    return entries.every(isJsonEntry) ? new Map(entries) : undefined;
  }
  return undefined;
}

function isJsonEntry(entry: readonly [unknown, Value | undefined]): entry is readonly [string, Value] {
  return typeof entry[0] === 'string' && entry[1] !== undefined;
}

function allOrNothing(values: readonly (Value | undefined)[]): readonly Value[] | undefined {
  return values.every((value) => value !== undefined) ? values : undefined;
}

function toSafeNumber(value: bigint): number | undefined {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : undefined;
}

/** True when nothing in the value, however deep, is empty or a text that two readers could take differently. */
function isFilled(value: Value): boolean {
  if (typeof value === 'string') return isPlainText(value);
  if (value instanceof Map) {
    const entries = [...(value as Claims)];
    return entries.length > 0 && entries.every(([name, item]) => isPlainText(name) && isFilled(item));
  }
  if (Array.isArray(value)) return value.length > 0 && value.every(isFilled);
  return value !== null;
}

function toJson(value: Value): unknown {
  if (value instanceof Map) {
    const record = Object.create(null) as Record<string, unknown>;
    for (const [key, item] of value as Claims) record[key] = toJson(item);
    return record;
  }
  return Array.isArray(value) ? value.map(toJson) : value;
}
