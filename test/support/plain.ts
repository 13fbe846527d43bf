import type { Config } from '../../src/config/schema.ts';

/** A configuration as JSON would show it, with tables as objects: for comparing with what a case names. */
export function toPlain(config: Config): unknown {
  const json = JSON.stringify(config, (_, value: unknown) =>
    value instanceof Map ? Object.fromEntries<unknown>(value) : value,
  );
  return JSON.parse(json) as unknown;
}
