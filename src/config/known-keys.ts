import type { Path } from './problems.ts';
import { productNamed, productOf } from './products.ts';
import { record } from './raw.ts';
import { configJsonSchema, jsonSchemaOf } from './schema.ts';

/**
 * The keys that the schema knows for the table at a path; none for a table of free names. In a provider
 * or an embed only those of its own product.
 *
 * @param raw the file as it stands
 */
export function knownKeys(path: Path, raw: unknown): readonly string[] {
  const product = productSchema(path, raw);
  const rest = product === undefined ? path : path.slice(2);
  return rest
    .reduce<readonly unknown[]>(
      (schemas, key) => schemas.flatMap((schema) => below(schema, key)),
      [product ?? configJsonSchema()],
    )
    .flatMap(alternatives)
    .flatMap((schema) => Object.keys(member(schema, 'properties') ?? {}));
}

/** The schema of the provider or embed that a path leads into. */
function productSchema([section, name = '']: Path, raw: unknown): Record<string, unknown> | undefined {
  const { providers, embeds } = record(raw);
  const schema =
    section === 'providers'
      ? productOf(record(providers)[String(name)])?.provider
      : section === 'embeds'
        ? productNamed(record(record(embeds)[String(name)]).provider, record(providers))?.embed
        : undefined;
  return schema && jsonSchemaOf(schema);
}

function below(schema: unknown, key: PropertyKey): readonly unknown[] {
  return alternatives(schema).flatMap((one) => {
    const found =
      typeof key === 'number'
        ? member(one, 'items')
        : (member(member(one, 'properties'), key) ?? member(one, 'additionalProperties'));
    return found === undefined ? [] : [found];
  });
}

/** The schema itself, or what it is one of. */
function alternatives(schema: unknown): readonly unknown[] {
  const several = member(schema, 'oneOf') ?? member(schema, 'anyOf');
  return Array.isArray(several) ? several : [schema];
}

function member(value: unknown, key: PropertyKey): object | undefined {
  const found: unknown = Object.hasOwn(Object(value) as object, key)
    ? Reflect.get(Object(value), key)
    : undefined;
  return typeof found === 'object' && found !== null ? found : undefined;
}
