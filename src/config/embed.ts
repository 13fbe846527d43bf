import { z } from 'zod';
import type { Expression } from './expressions.ts';
import { duration, expression, name, sessionVariables, table } from './fields.ts';
import { isPlainText } from './text.ts';

/** What an embed of every product has. */
export const embedFields = {
  title: z
    .string()
    .min(1)
    .max(200)
    .refine(isPlainText, 'must be text that can be seen')
    .describe('title shown to people; default: the name')
    .optional(),
  provider: name.describe('name of a provider'),
  allow: expression('who may open the embed; left out: every believed session', sessionVariables).optional(),
  public: z.literal(true).describe('true: on purpose no attribute filters this embed').optional(),
  combination: z
    .array(name)
    .describe('attributes that what is shown depends on; default: all of them')
    .optional(),
  freshness: duration('how long a combination counts as warm after its last mint', {
    minMs: 1000,
    maxMs: 2_678_400_000,
  }).prefault('1h'),
};

/** Expressions by attribute. */
export function attributeTable(description: string) {
  return table(
    expression('must give a value that is not empty', sessionVariables),
    `${description}; one that cannot be built refuses the request`,
  ).optional();
}

/** An embed that names no known product: what every product shares is checked all the same. */
export const strayEmbedSchema = z
  .looseObject({ ...embedFields, attributes: attributeTable('what rows are filtered by') })
  .transform(() => z.NEVER);

/** Finishes a parsed embed: its kind, its attributes under one name, and what they imply. */
export function completeEmbed<
  K extends string,
  Fields extends { readonly combination?: string[] | undefined },
>(kind: K, fields: Fields, attributes: ReadonlyMap<string, Expression> = new Map()) {
  return { ...fields, kind, attributes, combination: fields.combination ?? [...attributes.keys()] };
}
