import fc from 'fast-check';
import { z } from 'zod';

const { FUZZ_SECONDS: seconds, FUZZ_SEED: seed } = z
  .object({ FUZZ_SECONDS: z.coerce.number().optional(), FUZZ_SEED: z.coerce.number().int().optional() })
  .parse(process.env);

/** The seed of `npm test`, so that it fails for a change of ours and not by chance. */
const steadySeed = 20_261_120;

/** Room for the runs, and for shrinking what failed, on a machine that others use too. */
export const fuzzTimeoutMs = 60_000 + (seconds ?? 0) * 2000;

/**
 * How often a property is tried: so many times with a steady seed in `npm test`; in `npm run fuzz` for
 * the seconds that it gives each property, with a seed of its own. A failure prints the seed, and
 * `FUZZ_SEED=… npm run fuzz` tries it again.
 */
export function runs(quick: number): fc.Parameters<unknown> {
  // the first failure is listed too: where the process died of it, what it shrank to says nothing
  const verbose = fc.VerbosityLevel.Verbose;
  if (seconds === undefined) return { numRuns: quick, seed: steadySeed, verbose };
  const longest = { numRuns: 1_000_000, interruptAfterTimeLimit: seconds * 1000 };
  return { ...longest, verbose, ...(seed !== undefined && { seed }) };
}
