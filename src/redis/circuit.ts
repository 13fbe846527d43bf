import { circuitBreaker, ConsecutiveBreaker, handleAll } from 'cockatiel';

const failuresInARow = 3;
const askAgainMs = 1000;

/** Asks Redis, or fails at once while it is known not to answer. */
export type Circuit = <Answer>(ask: () => Promise<Answer>) => Promise<Answer>;

/**
 * A Redis that hangs costs each command its time-out: after three failures in a row it is not asked for
 * a second, then by one command alone until that is answered.
 *
 * @throws {BrokenCircuitError} it was not asked
 */
export function createCircuit(): Circuit {
  const breaker = circuitBreaker(handleAll, {
    halfOpenAfter: askAgainMs,
    breaker: new ConsecutiveBreaker(failuresInARow),
  });
  return (ask) => breaker.execute(ask);
}
