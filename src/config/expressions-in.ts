import { isExpression, type Expression } from './expressions.ts';
import type { Path } from './problems.ts';
import { products } from './products.ts';
import type { Config } from './schema.ts';

export interface PlacedExpression {
  /** Where it stands in the file. */
  readonly path: Path;
  readonly expression: Expression;
}

/** Every expression of a configuration. */
export function expressionsIn({ sessions, limits, embeds }: Config): readonly PlacedExpression[] {
  return [
    ...within({ sessions, limits }, []),
    ...[...embeds].flatMap(([name, { attributes, ...embed }]) => [
      ...within(embed, ['embeds', name]),
      ...within(attributes, ['embeds', name, products[embed.kind].filters[0]]),
    ]),
  ];
}

function within(value: unknown, path: Path): readonly PlacedExpression[] {
  if (typeof value !== 'object' || value === null) return [];
  if (isExpression(value)) return [{ path, expression: value }];
  return entriesOf(value).flatMap(([key, item]) => within(item, [...path, key]));
}

/** Of tables and lists; an address, a secret or a key is neither. */
function entriesOf(value: object): readonly (readonly [PropertyKey, unknown])[] {
  if (value instanceof Map) return [...(value as ReadonlyMap<string, unknown>)];
  if (Array.isArray(value)) return [...value.entries()];
  return Object.getPrototypeOf(value) === Object.prototype ? Object.entries(value) : [];
}
