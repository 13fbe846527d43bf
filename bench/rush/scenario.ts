/** Who comes, and what the provider allows. All times are milliseconds. */
export interface Scenario {
  readonly tenants: readonly Tenant[];
  /** What the provider allows: at most `max` calls in any window of `perMs`. */
  readonly budget: { readonly max: number; readonly perMs: number };
  /** How long the provider takes to answer a call that it accepts. */
  readonly callMs: number;
  /** `queue.maxWait` of the gateway. */
  readonly maxWaitMs: number;
}

export interface Tenant {
  readonly name: string;
  readonly readers: number;
}

/** The tenant with half of all readers. */
export const bigTenant = 'big';

/**
 * A Monday morning: 200 readers of ten tenants, half of them of one, come at the same moment to a
 * workspace that allows 20 calls a minute, so that the last of them is served nine minutes later.
 *
 * @param minuteMs how long a minute of the scenario lasts: every length is scaled with it, except what a
 *   protocol counts in whole seconds (Retry-After)
 */
export function mondayMorning(minuteMs: number): Scenario {
  const quiet = Array.from({ length: 9 }, (_, index) => ({
    name: `quiet-${index + 1}`,
    readers: index === 0 ? 12 : 11,
  }));
  return {
    tenants: [{ name: bigTenant, readers: 100 }, ...quiet],
    budget: { max: 20, perMs: minuteMs },
    callMs: Math.round((minuteMs * 0.3) / 60),
    maxWaitMs: Math.round((minuteMs * 10) / 60),
  };
}

/** The readers in the order in which they come: shuffled, the same in every run and for every contender. */
export function arrivals({ tenants }: Scenario): readonly string[] {
  const readers = tenants.flatMap(({ name, readers }) => Array.from({ length: readers }, () => name));
  // Fisher-Yates over the MINSTD generator: a fixed seed, so that all contenders see the same load
  let state = 2026;
  for (let index = readers.length - 1; index > 0; index -= 1) {
    state = (state * 48_271) % 2_147_483_647;
    const other = state % (index + 1);
    [readers[index], readers[other]] = [readers[other] ?? '', readers[index] ?? ''];
  }
  return readers;
}
