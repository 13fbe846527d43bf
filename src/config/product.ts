import type { z } from 'zod';
import type { Add } from './problems.ts';
import type { Raw } from './raw.ts';

/** What a product adds to the configuration: how its providers and its embeds look. */
export interface Product {
  /** Its entries in `providers`; they carry its `kind`. */
  readonly provider: z.ZodType;
  /** The entries in `embeds` that name one of those; they gain its `kind` when parsed. */
  readonly embed: z.ZodType;
  /**
   * The keys of an embed that filter rows: one of them must be there, or `public: true`. The first
   * holds the attributes.
   */
  readonly filters: readonly [attributes: string, ...others: string[]];
  /** What must or must not stand together, and no single field can tell; asked once for all its providers. */
  readonly check?: (uses: readonly ProviderUse[], add: Add) => void;
  /** What of one parsed provider of its kind loads and is most likely a mistake; paths are below the provider. */
  warn?(provider: object, add: Add): void;
}

/** A provider and the embeds that name it, as they stand in the file. */
export interface ProviderUse {
  readonly name: string;
  readonly provider: Raw;
  readonly embeds: ReadonlyMap<string, Raw>;
  /** How many entries `sessions` has. */
  readonly sessions: number;
}

/** What is embedded is said by exactly one of several keys. */
export function checkExactlyOne(entry: Raw, keys: readonly string[], add: (message: string) => void): void {
  if (keys.filter((key) => entry[key] !== undefined).length !== 1) {
    add(`needs exactly one of ${keys.join(', ')}`);
  }
}
