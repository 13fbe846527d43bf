import type { Scenario, Tenant } from './scenario.ts';

/** A call that the provider counted. */
export interface CountedCall {
  /** When, in milliseconds on one clock. */
  readonly atMs: number;
  readonly tenant: string;
}

type Budget = Scenario['budget'];

/** How many moments lie in the window that ends now: later than `perMs` ago. */
export function countIn(momentsMs: readonly number[], perMs: number, nowMs: number): number {
  return momentsMs.filter((atMs) => atMs > nowMs - perMs && atMs <= nowMs).length;
}

/**
 * The share of the provider's budget that was used while somebody waited, from 0 to 1: how full the
 * trailing window was on average, between the first call and the last.
 *
 * Everybody comes at once, and the calls counted here are those that served a reader: until the last of
 * them somebody waited. 1 cannot be reached, since whoever keeps a strict limit has to run the window
 * from the end of a call: see {@link usableShare}.
 */
export function usedShare(calls: readonly CountedCall[], { max, perMs }: Budget): number {
  const first = calls[0]?.atMs ?? 0;
  const last = calls.at(-1)?.atMs ?? 0;
  if (last === first) return 0;
  const usedMs = calls.reduce((sum, { atMs }) => sum + Math.min(atMs + perMs, last) - atMs, 0);
  return usedMs / (max * (last - first));
}

/** The most that can be used of a budget by calls of this length: each slot is taken for `perMs` + `callMs`. */
export function usableShare({ budget, callMs }: Pick<Scenario, 'budget' | 'callMs'>): number {
  return budget.perMs / (budget.perMs + callMs);
}

/**
 * Calls for each tenant while the budget is short and all tenants wait: after the call that spent the
 * budget first, up to and including the one that served the last reader of any tenant.
 *
 * What came before is nobody's merit: whoever is first at an unspent budget is served, in any order.
 */
export function callsWhileAllWait(
  calls: readonly CountedCall[],
  { tenants, budget }: { readonly tenants: readonly Tenant[]; readonly budget: Budget },
): ReadonlyMap<string, number> {
  const waiting = new Map(tenants.map(({ name, readers }) => [name, readers]));
  const served = new Map(tenants.map(({ name }) => [name, 0]));
  for (const [index, { tenant }] of calls.entries()) {
    const left = (waiting.get(tenant) ?? 0) - 1;
    waiting.set(tenant, left);
    if (index >= budget.max) served.set(tenant, (served.get(tenant) ?? 0) + 1);
    if (left === 0) break;
  }
  return served;
}

/**
 * 1 where all have the same, 1/n where one of n has everything.
 *
 * @see Jain, Chiu, Hawe: A Quantitative Measure of Fairness (DEC-TR-301, 1984)
 */
export function jainIndex(shares: readonly number[]): number {
  const sum = shares.reduce((total, share) => total + share, 0);
  const squares = shares.reduce((total, share) => total + share * share, 0);
  return squares === 0 ? 0 : sum ** 2 / (shares.length * squares);
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low = 0, high = low] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return (low + high) / 2;
}
