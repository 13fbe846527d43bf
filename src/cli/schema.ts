import { configJsonSchema } from '../config/schema.ts';

/** Prints the JSON Schema of the configuration file. */
export function schema(): void {
  process.stdout.write(`${JSON.stringify(configJsonSchema(), null, 2)}\n`);
}
