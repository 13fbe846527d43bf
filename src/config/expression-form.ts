import { ExpressionError, parseExpression } from './expressions.ts';

/**
 * What an expression says, whatever its white space, quotes and needless brackets: the same text for two that
 * are written differently. One that does not parse, which another rule tells, stands for itself.
 */
export function formOf(expression: unknown): unknown {
  if (typeof expression !== 'string') return expression;
  try {
    return JSON.stringify(parseExpression(expression).expr, withoutPlaces);
  } catch (error) {
    // a RangeError: too long a chain to be written as JSON
    if (error instanceof ExpressionError || error instanceof RangeError) return expression;
    throw error;
  }
}

/** Each part of a parsed expression is numbered by where it stands. */
function withoutPlaces(name: string, value: unknown): unknown {
  if (name === 'id') return undefined;
  return typeof value === 'bigint' ? `${value}n` : value;
}
