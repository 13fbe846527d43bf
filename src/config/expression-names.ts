import type { parse } from '@bufbuild/cel';

type Parsed = ReturnType<typeof parse>;
type Node = NonNullable<Parsed['expr']>;

export interface UnknownName {
  readonly kind: 'variable' | 'function' | 'type';
  readonly name: string;
  readonly offset: number;
}

/** Type names are values in CEL: `type(x) == string`. */
const typeNames = new Set(
  'bool int uint double string bytes list map null_type type google.protobuf.Timestamp google.protobuf.Duration'.split(
    ' ',
  ),
);

/** Operators of the planner that are not in the function table. */
const operators = new Set([
  '_&&_',
  '_||_',
  '_?_:_',
  '!_',
  '@not_strictly_false',
  '_[_]',
  '_==_',
  '_!=_',
  '@in',
]);

/**
 * The variables and functions that a parsed expression names and that nobody defines. CEL itself
 * finds them only when the expression runs, which is when a reader waits.
 */
export function unknownNames(
  parsed: Parsed,
  variables: readonly string[],
  isFunction: (name: string) => boolean,
): UnknownName[] {
  const found: UnknownName[] = [];
  const at = (node: Node): number => parsed.sourceInfo?.positions[String(node.id)] ?? 0;

  function walk(node: Node | undefined, scope: ReadonlySet<string>): void {
    const kind = node?.exprKind;
    if (node === undefined || kind === undefined) return;
    switch (kind.case) {
      case 'identExpr': {
        const { name } = kind.value;
        if (!scope.has(name) && !typeNames.has(name))
          found.push({ kind: 'variable', name, offset: at(node) });
        return;
      }
      case 'selectExpr':
        walk(kind.value.operand, scope);
        return;
      case 'callExpr': {
        const { function: name, target, args } = kind.value;
        if (!operators.has(name) && !isFunction(name))
          found.push({ kind: 'function', name, offset: at(node) });
        for (const part of [target, ...args]) walk(part, scope);
        return;
      }
      case 'listExpr':
        for (const element of kind.value.elements) walk(element, scope);
        return;
      case 'structExpr':
        // a message is converted anew whenever it is read, and there is nothing that needs one
        if (kind.value.messageName !== '') {
          found.push({ kind: 'type', name: kind.value.messageName, offset: at(node) });
        }
        for (const { keyKind, value } of kind.value.entries) {
          if (keyKind.case === 'mapKey') walk(keyKind.value, scope);
          walk(value, scope);
        }
        return;
      case 'comprehensionExpr': {
        const { accuVar, accuInit, iterVar, iterVar2, iterRange, loopCondition, loopStep, result } =
          kind.value;
        walk(iterRange, scope);
        walk(accuInit, scope);
        const inner = new Set([...scope, accuVar, iterVar, iterVar2]);
        for (const part of [loopCondition, loopStep]) walk(part, inner);
        walk(result, new Set([...scope, accuVar]));
        return;
      }
      case 'constExpr':
      case undefined:
        return;
    }
  }

  walk(parsed.expr, new Set(variables));
  return found;
}
