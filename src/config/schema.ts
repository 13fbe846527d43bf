import { z } from 'zod';
import { chosen } from './chosen.ts';
import { strayEmbedSchema } from './embed.ts';
import { table } from './fields.ts';
import { limitsSchema } from './limits.ts';
import { listenSchema, operationsSchema } from './listen.ts';
import { kinds, productNamed, productOf, products, type Kind } from './products.ts';
import { record } from './raw.ts';
import { redisSchema } from './redis.ts';
import { sessionSchema, writtenSessionSchema } from './sessions.ts';

export type ProviderConfig = z.output<(typeof products)[Kind]['provider']>;
export type EmbedConfig = z.output<(typeof products)[Kind]['embed']>;
export type Config = z.output<ReturnType<typeof shapeWith<typeof sessionSchema>>>;

/** The whole file, given how an entry of `sessions`, one of `providers` and one of `embeds` looks. */
function shapeWith<Session extends z.ZodType>(
  session: Session,
  provider: z.ZodType<ProviderConfig>,
  embed: z.ZodType<EmbedConfig>,
) {
  return z
    .strictObject({
      listen: listenSchema.prefault({}),
      operations: operationsSchema.prefault({}),
      redis: redisSchema.optional(),
      sessions: z.array(session).min(1).describe('whose tokens are believed'),
      limits: limitsSchema.prefault({}),
      providers: filled(table(provider, 'the products that show the analytics')),
      embeds: filled(table(embed, 'the names that a browser may ask for')),
    })
    .describe('Configuration of embed-gateway');
}

function filled<Entries extends z.ZodType<ReadonlyMap<string, unknown>>>(entries: Entries) {
  return entries.refine(({ size }) => size > 0, 'needs at least one entry');
}

const strayProviderSchema = z.looseObject({ kind: z.enum(kinds) }).transform(() => z.NEVER);

/**
 * What one file must look like: a provider has the fields of its kind, an embed those of the kind that
 * its provider has. What one entry says of another is checked in references.ts.
 *
 * @param raw the file as it stands
 */
export function configSchemaFor(raw: unknown): ReturnType<typeof shapeWith<typeof sessionSchema>> {
  const providers = record(record(raw).providers);
  return shapeWith(
    sessionSchema,
    chosen<ProviderConfig>((entry) => productOf(entry)?.provider ?? strayProviderSchema),
    chosen<EmbedConfig>(({ provider }) => productNamed(provider, providers)?.embed ?? strayEmbedSchema),
  );
}

/** The JSON Schema (draft 7) that editors use to complete and check the file. */
export function configJsonSchema(): Record<string, unknown> {
  const all = Object.values(products);
  const shape = shapeWith(
    writtenSessionSchema,
    z.union(all.map(({ provider }) => provider)),
    z.union(all.map(({ embed }) => embed)),
  );
  return jsonSchemaOf(shape);
}

export function jsonSchemaOf(schema: z.ZodType): Record<string, unknown> {
  return z.toJSONSchema(schema, { io: 'input', target: 'draft-7' });
}
