import type { parse } from '@bufbuild/cel';
import { costMax } from './cost.ts';
import { childrenOf, type Loop, type Node } from './expression-tree.ts';
import { turnCost } from './tree-cost.ts';

/** Work that grows with the product of claims, so that a token which is believed could meet the cost limit. */
export interface Growth {
  /** For the operator, without a value. */
  readonly message: string;
  /** UTF-16 units from the start of the expression. */
  readonly offset: number;
}

interface Finding {
  readonly at: Node;
  readonly what: string;
  /** How many sizes of claims are multiplied. */
  readonly factors: number;
  /** Steps for each of the product. */
  readonly steps: number;
  readonly unit: 'entries' | 'characters';
}

/** What a part of the expression is as large as: a claim, or something of a size that no token chooses. */
type Size = 'claim' | 'fixed';

interface Place {
  readonly sizes: ReadonlyMap<string, Size>;
  /** Loops over claims around it. */
  readonly loops: number;
}

/** JSON in a token of 16 kB; an entry takes two bytes at least. */
const claimBytesMax = 12_288;
const bytesOf = { entries: 2, characters: 1 } as const;

const searchSteps = 7;
const characterSteps = 1 / 8;
const callSteps = 6;

/** Of a claim, inside a loop over claims, as much work as a loop. */
const readers = new Set(['replace', 'join', 'split', 'format']);

/**
 * Estimates from its text whether an expression could meet the cost limit, and at which size of the claims.
 * What is in the entries of a claim is no larger than the claim, so a loop over an entry is no growth.
 */
export function growthOf({ expr, sourceInfo }: ReturnType<typeof parse>): Growth | undefined {
  const findings: Finding[] = [];
  visit(expr, { sizes: new Map([['claims', 'claim']]), loops: 0 }, findings);
  const [worst] = findings.toSorted((a, b) => b.factors - a.factors || b.steps - a.steps);
  if (!worst) return undefined;
  const { at, what, factors, steps, unit } = worst;
  const met = Math.ceil((costMax / steps) ** (1 / factors));
  const room = Math.floor(claimBytesMax / bytesOf[unit] / factors);
  if (met > room) return undefined;
  const message = `${what}: with ${met} ${unit} in each it meets the cost limit, and a token of 16 kB has room for ${room}`;
  return { message, offset: sourceInfo?.positions[String(at.id)] ?? 0 };
}

function visit(node: Node, place: Place, findings: Finding[]): Size {
  const { exprKind: kind } = node;
  if (kind.case === 'identExpr') return place.sizes.get(kind.value.name) ?? 'fixed';
  if (kind.case === 'comprehensionExpr') return visitLoop(node, kind.value, place, findings);
  const sizes = childrenOf(node).map((child) => visit(child, place, findings));
  if (kind.case === 'callExpr') findings.push(...findingsOf(node, kind.value.function, sizes, place));
  return sizes.includes('claim') && !isScalar(node) ? 'claim' : 'fixed';
}

function visitLoop(at: Node, loop: Loop, place: Place, findings: Finding[]): Size {
  const { iterRange, iterVar, loopStep } = loop;
  const entry = iterRange ? visit(iterRange, place, findings) : 'fixed';
  // a list that is written down has as many entries as can be seen, however large they are
  const isWritten = iterRange?.exprKind.case === 'listExpr';
  const range = isWritten ? 'fixed' : entry;
  const loops = place.loops + (range === 'claim' ? 1 : 0);
  if (range === 'claim' && loops > 1) {
    const steps = turnCost(loop, loops) + callSteps * (loopStep ? countCalls(loopStep) : 0);
    const what = `a loop over claims in ${loops === 2 ? 'a loop' : `${loops - 1} loops`} over claims`;
    findings.push({ at, what, factors: loops, steps, unit: 'entries' });
  }
  const sizes = new Map(place.sizes).set(iterVar, isWritten ? entry : 'fixed');
  const step = loopStep ? visit(loopStep, { sizes, loops }, findings) : 'fixed';
  const isList = loop.accuInit?.exprKind.case === 'listExpr';
  return isList && (range === 'claim' || step === 'claim') ? 'claim' : 'fixed';
}

function findingsOf(at: Node, name: string, sizes: readonly Size[], { loops }: Place): readonly Finding[] {
  const [first, second, third] = sizes;
  if (name === '@in' && second === 'claim' && loops > 0) {
    const what = 'a search through a claim in a loop over claims';
    return [{ at, what, factors: loops + 1, steps: searchSteps, unit: 'entries' }];
  }
  if (name === 'replace' && first === 'claim' && third === 'claim') {
    const what = 'a claim is put into a claim, as often as that holds what is replaced';
    return [{ at, what, factors: loops + 2, steps: characterSteps, unit: 'characters' }];
  }
  if (name === 'join' && first === 'claim' && second === 'claim') {
    const what = 'a claim is put between the entries of a claim';
    return [{ at, what, factors: loops + 2, steps: characterSteps, unit: 'characters' }];
  }
  if (!readers.has(name) || loops === 0 || !sizes.includes('claim')) return [];
  const what = `${name}() of a claim in a loop over claims`;
  return [{ at, what, factors: loops + 1, steps: characterSteps, unit: 'characters' }];
}

/** Comparisons, tests and conversions give what is small, whatever they look at. */
function isScalar({ exprKind: kind }: Node): boolean {
  if (kind.case === 'selectExpr') return kind.value.testOnly;
  return kind.case === 'callExpr' && scalars.test(kind.value.function);
}

const scalars =
  /^(?:_[=!<>]=?_|_&&_|_\|\|_|!_|@in|@not_strictly_false|size|contains|startsWith|endsWith|matches|indexOf|lastIndexOf|charAt|int|uint|double|bool|type|timestamp|duration|get\w+)$/;

function countCalls(node: Node): number {
  const own = node.exprKind.case === 'callExpr' ? 1 : 0;
  return childrenOf(node).reduce((total, child) => total + countCalls(child), own);
}
