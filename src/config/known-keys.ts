import type { Path } from './problems.ts';
import { configJsonSchema } from './schema.ts';

/** The keys that the schema knows for the table at a path; none for a table of free names. */
export function knownKeys(path: Path): readonly string[] {
  return path
    .reduce<readonly unknown[]>(
      (schemas, key) => schemas.flatMap((schema) => below(schema, key)),
      [configJsonSchema()],
    )
    .flatMap(alternatives)
    .flatMap((schema) => Object.keys(member(schema, 'properties') ?? {}));
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
