import type { KeyObject } from 'node:crypto';

/** A key as it stands in a key server's answer, read but not yet judged. Without key and fault: none of our business. */
export interface PublishedKey {
  readonly key?: KeyObject;
  /** What ties the key to tokens and uses: `kid`, `alg`, `use` and `key_ops`, as far as they were given. */
  readonly binding?: Readonly<Record<string, unknown>>;
  /** Why it must not be used, as a noun that follows "is"; holds nothing of the key. */
  readonly fault?: string;
}
