export type Raw = Readonly<Record<string, unknown>>;

/** A table of the file as it stands, before the schema has seen it; anything else counts as an empty one. */
export function record(value: unknown): Raw {
  return typeof value === 'object' && value !== null ? (value as Raw) : {};
}

export function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || Object.keys(record(value)).length === 0;
}
