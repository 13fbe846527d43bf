import { z } from 'zod';
import { attributeTable, completeEmbed, embedFields } from './embed.ts';
import { duration, name, secureUrl, table } from './fields.ts';
import { inputSchema } from './inputs.ts';
import type { Add } from './problems.ts';
import { checkExactlyOne, type Product, type ProviderUse } from './product.ts';
import { record } from './raw.ts';
import { rotating } from './rotating.ts';
import { weaknessOf } from './weak-secret.ts';

const secretBytesMin = 32;

/** Whoever knows the key can sign any locked parameter. */
function keyFault(text: string): string | undefined {
  if (Buffer.byteLength(text) < secretBytesMin) return `needs at least ${secretBytesMin} bytes`;
  const weakness = weaknessOf(text);
  return weakness === undefined ? undefined : `${weakness}: take the one that Metabase generates`;
}

/** @see https://www.metabase.com/docs/latest/embedding/static-embedding */
const metabaseProviderSchema = z
  .strictObject({
    kind: z.literal('metabase').describe('the product'),
    siteUrl: secureUrl('address of Metabase, as readers’ browsers reach it'),
    secretKey: rotating(
      'an embedding secret key',
      'Metabase’s embedding secret key, its characters as UTF-8, not decoded; the first signs',
      keyFault,
    ),
  })
  .describe('a Metabase whose embeds are signed here: nothing is sent to it');

export type MetabaseProviderConfig = z.output<typeof metabaseProviderSchema>;

// each part ends the parsing, so that a value that fits neither is told of both
const entityId = z.union(
  [z.int().min(1, { abort: true }), z.string().regex(/^[A-Za-z0-9_-]{21}$/, { abort: true })],
  'must be a whole number from 1, or an entity id of 21 characters',
);

type EntityId = z.output<typeof entityId>;

const flag = (description: string) => z.boolean().describe(description).optional();

const appearanceSchema = z
  .strictObject({
    bordered: flag('a border around it'),
    titled: flag('shows the title'),
    background: flag('shows a background (dashboards)'),
    theme: z.enum(['light', 'night', 'transparent']).describe('colour theme').optional(),
    refresh: duration('how often the results are loaded again', {
      minMs: 1000,
      maxMs: 86_400_000,
    }).optional(),
    font: z.string().min(1).max(64).describe('font (paid plans)').optional(),
    locale: z
      .string()
      .regex(/^[A-Za-z]{2,3}([_-][A-Za-z0-9]{2,8})*$/, 'must be a locale such as de or pt-BR')
      .describe('language (paid plans)')
      .optional(),
    downloads: z
      .union([z.boolean(), z.enum(['results', 'pdf', 'results,pdf'])], {
        error: 'must be true, false, results, pdf or "results,pdf"',
      })
      .describe('what may be downloaded: true, false, results, pdf or "results,pdf"')
      .optional(),
    hideParameters: z.array(name).min(1).describe('slugs of the filters that are not shown').optional(),
  })
  .describe('how it looks: a hint to the frame, which readers can change');

const metabaseEmbedSchema = z
  .strictObject({
    ...embedFields,
    dashboard: entityId.describe('a dashboard’s id').optional(),
    question: entityId.describe('a question’s id').optional(),
    locked: attributeTable('locked parameters by slug (params): texts, numbers, booleans or lists of these'),
    inputs: table(inputSchema, 'editable parameters by slug, which readers can change').prefault({}),
    appearance: appearanceSchema.prefault({}),
    expiresIn: duration('how long the signed URL works, again and again', {
      minMs: 10_000,
      maxMs: 86_400_000,
    }).prefault('10m'),
  })
  .describe('a Metabase dashboard or question that browsers may ask for')
  .transform(({ locked, dashboard, question, ...embed }) =>
    completeEmbed('metabase', { ...embed, resource: resourceOf(dashboard, question) }, locked),
  );

export type MetabaseEmbedConfig = z.output<typeof metabaseEmbedSchema>;

/** What a token names: exactly one of the two. */
export type Resource = { readonly dashboard: EntityId } | { readonly question: EntityId };

function resourceOf(dashboard: EntityId | undefined, question: EntityId | undefined): Resource {
  if (dashboard !== undefined) return { dashboard };
  return question === undefined ? z.NEVER : { question }; // told by checkUses
}

function checkUses(uses: readonly ProviderUse[], add: Add): void {
  for (const [name, embed] of uses.flatMap(({ embeds }) => [...embeds])) {
    checkExactlyOne(embed, ['dashboard', 'question'], (message) => {
      add(['embeds', name], message);
    });
    for (const input of Object.keys(record(embed.inputs))) {
      if (Object.hasOwn(record(embed.locked), input)) add(['embeds', name, 'inputs', input], 'is locked');
    }
  }
}

export const metabaseProduct = {
  provider: metabaseProviderSchema,
  embed: metabaseEmbedSchema,
  filters: ['locked'],
  check: checkUses,
} satisfies Product;
