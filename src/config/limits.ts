import { z } from 'zod';
import { duration, expression, sessionVariables } from './fields.ts';

const windowSchema = z
  .strictObject({
    max: z.int().min(1).max(10_000_000).describe('requests allowed in any window of this length'),
    per: duration('length of the window', { minMs: 1000, maxMs: 2_678_400_000 }),
  })
  .describe('a limit that holds in any trailing window');

/** At most `max` requests in any trailing window of `per` milliseconds. */
export type WindowConfig = z.output<typeof windowSchema>;

const windows = z
  .array(windowSchema)
  .min(1)
  .max(8)
  .check(({ value, issues }) => {
    for (const [index, { per }] of value.entries()) {
      if (value.findIndex((other) => other.per === per) === index) continue;
      const message = 'is the length of an earlier window of this rule too';
      issues.push({ code: 'custom', message, input: value, path: [index, 'per'] });
    }
  });

const tenantRule = z
  .strictObject({
    when: expression('the rule applies where this is true; left out: always', sessionVariables).optional(),
    allow: windows.describe('the tenant’s windows; each must have room'),
    weight: z
      .number()
      .min(0.01)
      .max(1000)
      .describe('share of a provider’s budget while it is short')
      .default(1),
  })
  .describe('one rule; the first that applies is taken');

export const limitsSchema = z
  .strictObject({
    client: windowSchema
      .describe('per client address (IPv6: per /64), before the token is looked at')
      .prefault({ max: 300, per: '1m' }),
    user: windows.describe('windows of each user').prefault([{ max: 30, per: '1m' }]),
    tenant: z
      .array(tenantRule)
      .min(1)
      .describe('rules for each tenant')
      .prefault([{ allow: [{ max: 60, per: '1m' }] }])
      .check(({ value, issues }) => {
        const always = value.findIndex(({ when }) => when === undefined);
        if (always !== -1 && always < value.length - 1) {
          const message = 'has no `when`, so the rules after it are never reached';
          issues.push({ code: 'custom', message, input: value, path: [always] });
        }
        if (value.at(-1)?.when === undefined) return;
        const message = 'the last rule must have no `when`, so that every tenant has a limit';
        issues.push({ code: 'custom', message, input: value, path: [value.length - 1, 'when'] });
      }),
  })
  .describe('how much each client, user and tenant may ask for');

export type LimitsConfig = z.output<typeof limitsSchema>;
export { windowSchema };
