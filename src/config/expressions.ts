import {
  celEnv,
  celFunc,
  celMethod,
  CelScalar,
  isCelError,
  parse,
  plan,
  type CelEnv,
  type CelInput,
} from '@bufbuild/cel';
import { strings } from '@bufbuild/cel/ext';
import { chargedFunctions } from './charged-functions.ts';
import { forgetStates, matches, prepareLiterals } from './charged-patterns.ts';
import { replace } from './charged-text.ts';
import { charge, metered } from './cost.ts';
import { unknownNames } from './expression-names.ts';
import { toFilledJson, toValue, type Claims, type Value } from './expression-values.ts';
import { growthOf, type Growth } from './growth.ts';
import { meteredTree } from './metered-tree.ts';
import { nearest } from './nearest.ts';
import { treeCost } from './tree-cost.ts';

export type { Claims, Value };

/** The names an expression may use, and what they stand for. */
export interface Variables {
  readonly claims: Claims;
  readonly issuer: string;
  readonly tenant?: string;
  readonly user?: string;
}

/** Why an expression gave no value, in words for the log. */
export type EvaluationFailure = 'cannot be evaluated' | 'cost limit exceeded';

export interface Expression {
  readonly text: string;
  /** Where it could meet the cost limit, as far as its text shows. */
  readonly growth: Growth | undefined;
  /**
   * The value; undefined when evaluation fails, as for a claim that is not there, and when it would cost
   * more than `costMax` steps, which bounds it to some milliseconds. Never throws.
   *
   * @param onFailure told why there is no value
   */
  evaluate(variables: Variables, onFailure?: (why: EvaluationFailure) => void): Value | undefined;
  /** @param listen told whenever an evaluation exceeds the cost limit, whoever asked for it */
  onCostExceeded(listen: () => void): void;
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

const { DYN, INT, STRING } = CelScalar;

const library = celEnv({
  funcs: [
    ...strings,
    celFunc('json', [DYN], STRING, toFilledJson),
    celMethod('matches', STRING, [STRING], CelScalar.BOOL, function (pattern) {
      return matches(this, pattern);
    }),
    celMethod('replace', STRING, [STRING, STRING], STRING, function (part, by) {
      return replace(this, part, by);
    }),
    celMethod('replace', STRING, [STRING, STRING, INT], STRING, function (part, by, count) {
      return replace(this, part, by, Number(count));
    }),
  ],
});

const environment = Object.create(library, { funcs: { value: chargedFunctions(library.funcs) } }) as CelEnv;

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
  const [unknown] = unknownNames(parsed, variables, (name) => library.funcs.find(name) !== undefined);
  if (unknown) {
    const { kind, name, offset } = unknown;
    const hint = kind === 'variable' ? variableHint(name, variables, text.trim() === name) : '';
    throw new ExpressionError(`unknown ${kind} ${JSON.stringify(name)}${hint}`, offset);
  }
  const { expr } = parsed;
  prepareLiterals(expr);
  const run = plan(environment, meteredTree(expr));
  const ownCost = treeCost(expr);
  let listen = (): void => undefined;
  const expression: Expression = {
    text,
    growth: growthOf(parsed),
    onCostExceeded: (listener) => {
      listen = listener;
    },
    evaluate: (bindings, onFailure) => {
      const outcome = metered(() => {
        charge(ownCost);
        const result = run(bindings as unknown as Record<string, CelInput>);
        return isCelError(result) ? undefined : toValue(result);
      });
      forgetStates();
      if (outcome.isExceeded) listen();
      if (outcome.result === undefined) {
        onFailure?.(outcome.isExceeded ? 'cost limit exceeded' : 'cannot be evaluated');
      }
      return outcome.result;
    },
  };
  compiled.add(expression);
  return expression;
}

const compiled = new WeakSet<object>();

export function isExpression(value: object): value is Expression {
  return compiled.has(value);
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
