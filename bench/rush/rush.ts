import type { Contender } from './contender.ts';
import { callsWhileAllWait, jainIndex, median, usedShare } from './measure.ts';
import { startProvider, type StandInProvider } from './provider.ts';
import { sendReaders, type Visit } from './readers.ts';
import { arrivals, bigTenant, type Scenario } from './scenario.ts';

/** What a rush was like under one contender. */
export interface Outcome {
  /** Calls that the provider refused as beyond its budget. */
  readonly tooMany: number;
  /** Share of the provider's budget that was used while somebody waited, from 0 to 1. */
  readonly used: number;
  /** Jain's index over the calls of each tenant while all tenants waited, from 1/n to 1. */
  readonly fairness: number;
  readonly quiet: Waits;
  readonly big: Waits;
  /** Requests of one reader, on average: one, and one for each time of asking again. */
  readonly requestsEach: number;
}

/** In minutes of the scenario: windows of the provider's budget. */
export interface Waits {
  readonly median: number;
  readonly max: number;
}

/**
 * Plays a scenario against one contender, with a provider of its own. Nothing is left running.
 *
 * @param start starts the contender over a provider's origin
 * @param signal ends the rush early
 * @throws when a reader is answered anything but an embed or a wait, and when it takes three times as
 *   long as it should
 */
export async function rush(
  scenario: Scenario,
  start: (providerOrigin: string) => Promise<Contender>,
  signal: AbortSignal,
): Promise<Outcome> {
  const provider = await startProvider(scenario);
  try {
    const contender = await start(provider.origin);
    try {
      const readers = arrivals(scenario);
      const { max, perMs } = scenario.budget;
      const tooLong = AbortSignal.timeout(10_000 + 3 * Math.ceil(readers.length / max) * perMs);
      const visits = await sendReaders(contender.urls, readers, AbortSignal.any([signal, tooLong]));
      return measure(scenario, provider, visits);
    } finally {
      await contender.stop();
    }
  } finally {
    await provider.stop();
  }
}

function measure(scenario: Scenario, provider: StandInProvider, visits: readonly Visit[]): Outcome {
  const { accepted } = provider;
  const { budget } = scenario;
  const requests = visits.reduce((sum, visit) => sum + visit.requests, 0);
  const isBig = ({ tenant }: Visit): boolean => tenant === bigTenant;
  return {
    tooMany: provider.tooMany(),
    used: usedShare(accepted, budget),
    fairness: jainIndex([...callsWhileAllWait(accepted, scenario).values()]),
    quiet: waitsOf(visits, (visit) => !isBig(visit), budget.perMs),
    big: waitsOf(visits, isBig, budget.perMs),
    requestsEach: requests / visits.length,
  };
}

function waitsOf(visits: readonly Visit[], among: (visit: Visit) => boolean, minuteMs: number): Waits {
  const minutes = visits.filter(among).map(({ waitMs }) => waitMs / minuteMs);
  return { median: median(minutes), max: Math.max(...minutes) };
}
