/**
 * What one evaluation of an expression may cost, in steps of about 0.1 µs each. A lookup in a claim is a
 * handful of steps; an entry of a list that a macro goes through is about thirty.
 */
export const costMax = 80_000;

/** Thrown by {@link charge}. One object for all: to make an error for each would be work as well. */
export const costExceeded = new Error('cost limit exceeded');

let left = 0;

/**
 * Takes steps off what the evaluation has left. Once that is spent, each further charge throws too: an
 * expression that catches the first error, as `||` does, gets no further.
 *
 * @throws {Error} {@link costExceeded}
 */
export function charge(steps: number): void {
  left -= steps;
  if (left < 0) throw costExceeded;
}

export interface Metered<Result> {
  /** Undefined where more was charged, whatever became of the error. */
  readonly result: Result | undefined;
  readonly isExceeded: boolean;
}

/**
 * Runs one evaluation with a budget of {@link costMax} steps. Evaluations are synchronous and never
 * nested, so one count serves them all.
 */
export function metered<Result>(run: () => Result): Metered<Result> {
  const { stackTraceLimit } = Error;
  // a failing call makes an error, and its stack would cost ten times as much as the call
  Error.stackTraceLimit = 0;
  left = costMax;
  try {
    const result = run();
    return left < 0 ? { result: undefined, isExceeded: true } : { result, isExceeded: false };
  } catch (error) {
    if (error === costExceeded) return { result: undefined, isExceeded: true };
    throw error;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** What the last evaluation has cost, to be looked at by tests and measurements. */
export function lastCost(): number {
  return costMax - left;
}
