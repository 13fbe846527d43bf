import { z } from 'zod';
import { table } from './fields.ts';
import { hexEmbedSchema, hexProviderSchema } from './hex.ts';
import { limitsSchema } from './limits.ts';
import { listenSchema, operationsSchema, redisSchema } from './listen.ts';
import { sessionSchema } from './sessions.ts';

/** One entry for each product; a new one adds its provider here and its embed below. */
export const providerSchema = z.discriminatedUnion('kind', [hexProviderSchema], {
  error: 'must be hex',
});

function filled<Entries extends z.ZodType<ReadonlyMap<string, unknown>>>(entries: Entries) {
  return entries.refine(({ size }) => size > 0, 'needs at least one entry');
}

/** What the whole file must look like. What one entry says of another is checked in references.ts. */
export const configSchema = z
  .strictObject({
    listen: listenSchema.prefault({}),
    operations: operationsSchema.prefault({}),
    redis: redisSchema.optional(),
    sessions: z.array(sessionSchema).min(1).describe('whose tokens are believed'),
    limits: limitsSchema.prefault({}),
    providers: filled(table(providerSchema, 'the products that show the analytics')),
    embeds: filled(table(hexEmbedSchema, 'the names that a browser may ask for')),
  })
  .describe('Configuration of embed-gateway');

export type Config = z.output<typeof configSchema>;
export type ProviderConfig = z.output<typeof providerSchema>;
export type EmbedConfig = z.output<typeof hexEmbedSchema>;

/** The JSON Schema (draft 7) that editors use to complete and check the file. */
export function configJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(configSchema, { io: 'input', target: 'draft-7' });
}
