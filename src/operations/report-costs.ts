import type { Logger } from 'pino';
import type { PlacedExpression } from '../config/expressions-in.ts';
import { formatPath } from '../config/problems.ts';

const everyMs = 60_000;

/**
 * Names in the log the expressions that exceed the cost limit, whatever they were evaluated for: each at
 * most once a minute, since it is tokens that cause it.
 */
export function reportCosts(expressions: readonly PlacedExpression[], log: Logger): void {
  for (const { path, expression } of expressions) {
    let quietUntilMs = -Infinity;
    expression.onCostExceeded(() => {
      const nowMs = performance.now();
      if (nowMs < quietUntilMs) return;
      quietUntilMs = nowMs + everyMs;
      log.warn({ expression: formatPath(path), reason: 'cost limit exceeded' }, 'an expression was given up');
    });
  }
}
