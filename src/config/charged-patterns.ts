import { RE2JS } from '@bufbuild/re2';
import { charge } from './cost.ts';
import { childrenOf, literalText, type Node } from './expression-tree.ts';

/** Compiled once, before anyone waits. */
const literals = new Map<string, RE2JS>();
/** Of the evaluation that runs now. */
const used = new Map<string, RE2JS>();

/** Compiles the patterns that an expression writes down. One that does not parse fails where it is used. */
export function prepareLiterals(node: Node): void {
  const { exprKind: kind } = node;
  const call = kind.case === 'callExpr' && kind.value.function === 'matches' ? kind.value : undefined;
  const pattern = call?.args[0] && literalText(call.args[0]);
  if (pattern !== undefined) prepare(pattern);
  for (const child of childrenOf(node)) prepareLiterals(child);
}

function prepare(pattern: string): void {
  try {
    if (!literals.has(pattern)) literals.set(pattern, metered(RE2JS.compile(pattern)));
  } catch {
    // as `matches` will find
  }
}

/**
 * Whether a part of the text matches. Charged for each character, and for each state that the automaton
 * has to build, which costs a hundred times as much as going through one.
 */
export function matches(text: string, pattern: string): boolean {
  const compiled = used.get(pattern) ?? literals.get(pattern) ?? compileCharged(pattern);
  used.set(pattern, compiled);
  charge(text.length * (1 + (compiled.re2().prog.numInst() >> 1)));
  return compiled.test(text);
}

/** Forgets the states that texts of others have built: they would stay in memory for ever. */
export function forgetStates(): void {
  if (used.size === 0) return;
  for (const compiled of used.values()) {
    const { dfa } = compiled.re2();
    dfa.stateCache.clear();
    dfa.stateCount = 0;
    dfa.startState = null;
  }
  used.clear();
}

function metered(compiled: RE2JS): RE2JS {
  const { dfa, prog } = compiled.re2();
  const stateCost = 100 + 3 * prog.numInst();
  const getState = dfa.getState.bind(dfa);
  dfa.getState = (instructions) => {
    charge(stateCost);
    return getState(instructions);
  };
  return compiled;
}

/** A pattern out of a claim: what it costs to compile is not known before, so the most is charged. */
function compileCharged(pattern: string): RE2JS {
  const { length } = pattern;
  const repeats = [...pattern.matchAll(/\{(\d*),?(\d*)\}/g)].map(([, least, most]) =>
    Math.max(1, Number(least), Number(most)),
  );
  // RE2 refuses what would repeat anything more than 1000 times
  const repeated = Math.min(
    1000,
    repeats.reduce((product, times) => product * times, 1),
  );
  const perCharacter = /\(\?[a-zA-Z]*i/.test(pattern) ? 20_000 : 400;
  charge(500 + length * perCharacter * repeated + length * length);
  return metered(RE2JS.compile(pattern));
}
