import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { Attributes } from './embed.ts';

/**
 * The key of one distinct set of attributes of one embed: SHA-256 over the canonical JSON of
 * `{"attributes": {…}, "embed": "…"}`, holding the attributes named under `combination`.
 *
 * @returns 43 base64url characters
 * @see https://www.rfc-editor.org/rfc/rfc8785 JSON Canonicalization Scheme
 */
export function combinationKey(
  embed: { readonly name: string; readonly combination: readonly string[] },
  attributes: Attributes,
): string {
  const listed = embed.combination.map((name) => [name, attributes.get(name)] as const);
  const canonical = canonicalize({ embed: embed.name, attributes: Object.fromEntries(listed) });
  return createHash('sha256')
    .update(canonical ?? '')
    .digest('base64url');
}

/** One mint, as the combination cache remembers it. */
export interface CombinationMint {
  readonly key: string;
  readonly embed: string;
  /** A digest of the tenant, never its name. */
  readonly tenant: string;
  readonly freshnessMs: number;
}

/** Which combinations were minted lately, here and on other replicas. */
export interface Combinations {
  /** True when another mint of it lies within the freshness it was recorded with. Never fails: what cannot be known is cold. */
  isWarm(key: string): Promise<boolean>;
  /** Remembers a mint. Does not wait and does not fail. */
  record(mint: CombinationMint): void;
}
