import { describe, expect, it } from 'vitest';
import { startGateways } from '../../bench/rush/gateways.ts';
import { startHandler } from '../../bench/rush/handler.ts';
import {
  callsWhileAllWait,
  countIn,
  jainIndex,
  median,
  usableShare,
  usedShare,
} from '../../bench/rush/measure.ts';
import { missedTargets } from '../../bench/rush/report.ts';
import { rush, type Outcome } from '../../bench/rush/rush.ts';
import { arrivals, mondayMorning } from '../../bench/rush/scenario.ts';

describe('the measures of a rush', () => {
  it('Jain’s index is 1 where all have the same, and 1/n where one has everything', () => {
    expect(jainIndex([7, 7, 7, 7])).toBe(1);
    expect(jainIndex([9, 0, 0])).toBeCloseTo(1 / 3);
    expect(jainIndex([1, 2, 3])).toBeCloseTo(36 / 42);
    expect(jainIndex([0, 0])).toBe(0);
  });

  it('a trailing window holds what is later than its length ago', () => {
    const moments = [0, 400, 1000, 1399, 1400];
    expect(countIn(moments, 1000, 1000)).toBe(2);
    expect(countIn(moments, 1000, 1399)).toBe(3);
    expect(countIn(moments, 1000, 1400)).toBe(3);
  });

  it('a budget is used in full when every slot is taken again as it is freed, and less for each delay', () => {
    const budget = { max: 2, perMs: 100 };
    const at = (...moments: readonly number[]) => moments.map((atMs) => ({ atMs, tenant: 'acme' }));
    expect(usedShare(at(0, 0, 100, 100, 200, 200), budget)).toBe(1);
    expect(usedShare(at(0, 0, 125, 125), budget)).toBe(0.8);
    expect(usedShare(at(0, 100, 200), budget)).toBe(0.5);
    expect(usableShare({ budget, callMs: 25 })).toBe(0.8);
  });

  it('calls count for fairness from the moment the budget is spent until a tenant has nobody waiting', () => {
    const tenants = [
      { name: 'big', readers: 9 },
      { name: 'quiet', readers: 2 },
    ];
    const order = ['big', 'quiet', 'big', 'big', 'quiet', 'big'];
    const calls = order.map((tenant, atMs) => ({ atMs, tenant }));
    const counted = callsWhileAllWait(calls, { tenants, budget: { max: 2, perMs: 100 } });
    expect(Object.fromEntries(counted)).toEqual({ big: 2, quiet: 1 });
  });

  it('the median is the middle, or between the two in the middle', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
  });

  it('a target that is missed is told', () => {
    const waits = { median: 1, max: 2 };
    const fine: Outcome = {
      tooMany: 0,
      used: 0.97,
      fairness: 0.98,
      quiet: waits,
      big: waits,
      requestsEach: 1,
    };
    expect(missedTargets(fine)).toEqual([]);
    expect(missedTargets({ ...fine, tooMany: 1, used: 0.969, fairness: 0.979 })).toHaveLength(3);
  });
});

describe('the scenario of a rush', () => {
  it('is 200 readers of ten tenants, half of them of one, in the same order each time', () => {
    const scenario = mondayMorning(60_000);
    const readers = arrivals(scenario);
    expect(scenario.budget).toEqual({ max: 20, perMs: 60_000 });
    expect(scenario.tenants).toHaveLength(10);
    expect(readers).toHaveLength(200);
    expect(readers.filter((tenant) => tenant === 'big')).toHaveLength(100);
    expect(readers).toEqual(arrivals(scenario));
    expect(readers).not.toEqual(readers.toSorted());
  });

  it('in miniature: everybody is served; no call is too many through the gateways, many are without a queue', async () => {
    const quiet = ['quiet-1', 'quiet-2', 'quiet-3'].map((name) => ({ name, readers: 4 }));
    const tenants = [{ name: 'big', readers: 12 }, ...quiet];
    const scenario = { tenants, budget: { max: 4, perMs: 1000 }, callMs: 10, maxWaitMs: 1000 };
    const { signal } = new AbortController();
    const [gateway, none] = await Promise.all([
      rush(scenario, (provider) => startGateways({ scenario, provider, tenant: 'claims.org_id' }), signal),
      rush(scenario, startHandler, signal),
    ]);
    expect(gateway.tooMany).toBe(0);
    expect(none.tooMany).toBeGreaterThan(10);
    expect(gateway.fairness).toBeGreaterThan(0.85);
    expect(gateway.quiet.max).toBeLessThan(gateway.big.max);
    expect(gateway.used).toBeGreaterThan(0.3);
    expect(gateway.used).toBeLessThanOrEqual(1);
  });
});
