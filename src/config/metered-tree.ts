import { literalText, type Loop, type Node } from './expression-tree.ts';
import { turnCost } from './tree-cost.ts';

/**
 * Rewrites an expression so that it charges for what the library does not let be counted: a loop, before
 * its first turn, for all of them; a lookup by what may be a number. A macro that makes a list then adds
 * to one, where the library would make a list of lists, as deep as it is long.
 *
 * @param loops how many stand around it
 */
export function meteredTree(node: Node, loops = 0): Node {
  const inside = (part: Node): Node => meteredTree(part, loops);
  const kind = node.exprKind;
  switch (kind.case) {
    case 'selectExpr': {
      const { operand } = kind.value;
      return operand
        ? { ...node, exprKind: { ...kind, value: { ...kind.value, operand: inside(operand) } } }
        : node;
    }
    case 'callExpr': {
      const { function: name, target, args } = kind.value;
      const inner = args.map(inside);
      const [container, key] = inner;
      const metered =
        name === '_[_]' && container && key && literalText(key) === undefined
          ? [call(container, '@lookup', [container]), key]
          : inner;
      const on = target && inside(target);
      return {
        ...node,
        exprKind: { ...kind, value: { ...kind.value, args: metered, ...(on && { target: on }) } },
      };
    }
    case 'listExpr': {
      const elements = kind.value.elements.map(inside);
      return { ...node, exprKind: { ...kind, value: { ...kind.value, elements } } };
    }
    case 'structExpr': {
      const entries = kind.value.entries.map(({ keyKind, value, ...entry }) => ({
        ...entry,
        keyKind: keyKind.case === 'mapKey' ? { ...keyKind, value: inside(keyKind.value) } : keyKind,
        ...(value && { value: inside(value) }),
      }));
      return { ...node, exprKind: { ...kind, value: { ...kind.value, entries } } };
    }
    case 'comprehensionExpr':
      return { ...node, exprKind: { ...kind, value: meteredLoop(node, kind.value, loops) } };
    case 'constExpr':
    case 'identExpr':
    case undefined:
      return node;
  }
}

function meteredLoop(at: Node, loop: Loop, loops: number): Loop {
  const { accuVar, accuInit, iterRange, loopCondition, loopStep } = loop;
  if (!accuInit || !iterRange || !loopCondition || !loopStep) return loop;
  const isList = accuInit.exprKind.case === 'listExpr';
  const step = meteredTree(loopStep, loops + 1);
  return {
    ...loop,
    accuInit: isList ? call(at, '@list', []) : accuInit,
    iterRange: call(at, '@iterate', [meteredTree(iterRange, loops), whole(at, turnCost(loop, loops))]),
    loopCondition: meteredTree(loopCondition, loops + 1),
    loopStep: isList ? addingTo(accuVar, step) : step,
  };
}

/** `@result + [x]`, perhaps behind a test: only a macro names `@result`. */
function addingTo(accuVar: string, step: Node): Node {
  const kind = step.exprKind;
  if (kind.case !== 'callExpr') return step;
  const { function: name, args } = kind.value;
  const [first] = args;
  const isSum =
    name === '_+_' && first?.exprKind.case === 'identExpr' && first.exprKind.value.name === accuVar;
  if (isSum) return call(step, '@append', args);
  if (name !== '_?_:_') return step;
  const [test, added, unchanged] = args;
  if (!test || !added || !unchanged) return step;
  const value = { ...kind.value, args: [test, addingTo(accuVar, added), unchanged] };
  return { ...step, exprKind: { ...kind, value } };
}

function call(at: Node, name: string, args: Node[]): Node {
  const value = { $typeName: 'cel.expr.Expr.Call' as const, function: name, args };
  return { ...at, exprKind: { case: 'callExpr', value } };
}

function whole(at: Node, value: number): Node {
  const constantKind = { case: 'int64Value' as const, value: BigInt(value) };
  return { ...at, exprKind: { case: 'constExpr', value: { $typeName: 'cel.expr.Constant', constantKind } } };
}
