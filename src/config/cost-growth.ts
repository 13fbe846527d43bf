import { costMax } from './cost.ts';
import { childrenOf, type Node } from './expression-tree.ts';
import { parseExpression } from './expressions.ts';
import { turnCost } from './tree-cost.ts';

/** What makes the cost of an expression grow faster than the token. */
export interface CostGrowth {
  readonly message: string;
  /** UTF-16 units from the start of the expression. */
  readonly offset: number;
}

/** Steps that a call in a loop costs beside what the tree shows. */
const callInLoop = 5;

/** Functions whose work grows with two of their operands at once, with the operand that should be fixed. */
const products: Readonly<Record<string, string>> = {
  replace: 'what is replaced or put in its place',
  matches: 'the pattern',
};

/**
 * Estimates from its text whether an expression may meet the cost limit with a token of 16 kB: a macro
 * inside of another one, or a pattern or replacement that comes from the token.
 *
 * @param text an expression that compiles
 * @returns the first such part; undefined for an expression whose cost grows with the token alone
 */
export function costGrowth(text: string): CostGrowth | undefined {
  const parsed = parseExpression(text);
  const offsetOf = ({ id }: Node): number => parsed.sourceInfo?.positions[String(id)] ?? 0;
  return growthIn(parsed.expr, 0, offsetOf);
}

function growthIn(node: Node, loops: number, offsetOf: (node: Node) => number): CostGrowth | undefined {
  const { exprKind: kind } = node;
  const isLoop = kind.case === 'comprehensionExpr' && !isConstant(kind.value.iterRange);
  if (isLoop && loops > 0) {
    const steps = turnCost(kind.value, loops) + callInLoop;
    const entries = Math.floor((costMax / steps) ** (1 / (loops + 1)));
    const message = `goes through a list for each entry of another: refused with more than about ${entries} entries in each`;
    return { message, offset: offsetOf(node) };
  }
  if (kind.case === 'callExpr') {
    const fixed = products[kind.value.function];
    const isFixed = kind.value.args.every((arg) => isConstant(arg));
    if (fixed !== undefined && !isFixed && !isConstant(kind.value.target)) {
      const message = `takes ${fixed} from the token: long values are refused as too costly; write it in the expression`;
      return { message, offset: offsetOf(node) };
    }
  }
  // the list itself is made once, before the first turn
  const range = kind.case === 'comprehensionExpr' ? kind.value.iterRange : undefined;
  for (const child of childrenOf(node)) {
    const found = growthIn(child, isLoop && child !== range ? loops + 1 : loops, offsetOf);
    if (found) return found;
  }
  return undefined;
}

/** True for what is written down, whatever the token holds. */
function isConstant(node: Node | undefined): boolean {
  if (!node) return true;
  if (node.exprKind.case === 'identExpr') return false;
  return childrenOf(node).every(isConstant);
}
