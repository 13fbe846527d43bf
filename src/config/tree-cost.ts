import { childrenOf, type Loop, type Node } from './expression-tree.ts';

/** Steps of the planner's own work; where it can fail, with the error that it makes. */
const steps = { value: 1, list: 3, entry: 4, select: 8, call: 2, decision: 12, loop: 10, turn: 6 } as const;

const decisions = new Set(['_&&_', '_||_', '_?_:_']);

/**
 * The steps of evaluating an expression once, beside what its calls and the turns of its loops charge.
 *
 * @param loops how many loops stand around it: a variable is looked for in each
 */
export function treeCost(node: Node, loops = 0): number {
  if (node.exprKind.case === 'comprehensionExpr') {
    const { iterRange, accuInit, result } = node.exprKind.value;
    return steps.loop + sum([iterRange, accuInit, result], loops);
  }
  return ownCost(node, loops) + sum(childrenOf(node), loops);
}

/** The steps of one turn of a loop, beside what its calls and the loops in it charge. */
export function turnCost({ loopCondition, loopStep }: Loop, loops: number): number {
  return steps.turn + sum([loopCondition, loopStep], loops + 1);
}

function ownCost({ exprKind: kind }: Node, loops: number): number {
  if (kind.case === 'identExpr') return steps.value + (loops >> 1);
  // the library looks for a variable of each name that the chain could be
  if (kind.case === 'selectExpr') return steps.select + (loops >> 1) + (chainLength(kind.value.operand) >> 5);
  if (kind.case === 'callExpr') return decisions.has(kind.value.function) ? steps.decision : steps.call;
  if (kind.case === 'listExpr') return steps.list;
  if (kind.case === 'structExpr') return steps.list + steps.entry * kind.value.entries.length;
  return steps.value;
}

function chainLength(node: Node | undefined): number {
  let length = 0;
  for (let at = node; at?.exprKind.case === 'selectExpr'; at = at.exprKind.value.operand) length += 1;
  return length;
}

function sum(nodes: readonly (Node | undefined)[], loops: number): number {
  return nodes.reduce((total, node) => total + (node ? treeCost(node, loops) : 0), 0);
}
