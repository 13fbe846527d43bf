import type { parse } from '@bufbuild/cel';

/** A part of a parsed expression. */
export type Node = NonNullable<ReturnType<typeof parse>['expr']>;
export type Loop = Extract<Node['exprKind'], { case: 'comprehensionExpr' }>['value'];

export function childrenOf({ exprKind: kind }: Node): readonly Node[] {
  switch (kind.case) {
    case 'selectExpr':
      return kind.value.operand ? [kind.value.operand] : [];
    case 'callExpr':
      return kind.value.target ? [kind.value.target, ...kind.value.args] : kind.value.args;
    case 'listExpr':
      return kind.value.elements;
    case 'structExpr':
      return kind.value.entries.flatMap(({ keyKind, value }) => [
        ...(keyKind.case === 'mapKey' ? [keyKind.value] : []),
        ...(value ? [value] : []),
      ]);
    case 'comprehensionExpr': {
      const { accuInit, iterRange, loopCondition, loopStep, result } = kind.value;
      return [accuInit, iterRange, loopCondition, loopStep, result].filter((part) => part !== undefined);
    }
    case 'constExpr':
    case 'identExpr':
    case undefined:
      return [];
  }
}

/** The text of a string that the expression writes down. */
export function literalText({ exprKind: kind }: Node): string | undefined {
  const constant = kind.case === 'constExpr' ? kind.value.constantKind : undefined;
  return constant?.case === 'stringValue' ? constant.value : undefined;
}
