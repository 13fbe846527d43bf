import { z } from 'zod';
import { duration } from './fields.ts';

/** How a provider that is called over the network is called; its budget differs by product. */
export const callFields = {
  queue: z
    .strictObject({
      maxWait: duration('longest wait for a slot in the budget', { minMs: 0, maxMs: 300_000 }).prefault(
        '10s',
      ),
      maxLength: z.int().min(0).max(100_000).describe('longest queue').default(1000),
    })
    .describe('how requests wait while the budget is spent')
    .prefault({}),
  timeout: duration('deadline of the whole call, retry included', { minMs: 100, maxMs: 120_000 }).prefault(
    '10s',
  ),
};
