import type { Expression, Value } from '../config/expressions.ts';
import type { InputConfig, InputValue } from '../config/inputs.ts';
import type { CallGrant, Heeded } from './admission.ts';
import type { OpenSession } from './sign-out.ts';
import type { Session } from './session.ts';

/** What a provider filters rows by: the attribute's name and a value the provider understands. */
export type Attributes = ReadonlyMap<string, Value>;
export type Inputs = ReadonlyMap<string, InputValue>;

/** All that a provider may use for one mint. */
export interface MintOrder {
  readonly session: Session;
  readonly attributes: Attributes;
  readonly inputs: Inputs;
}

/**
 * Obtains the URL of a prepared order.
 *
 * @param grant asked for another call of the budget before a second attempt
 * @throws {Refusal} a `provider_*` code
 */
export type Mint = (grant: CallGrant) => Promise<EmbedUrl>;

export interface EmbedUrl {
  readonly url: string;
  /** What in the URL speaks for the session, where the product's own script takes it alone. */
  readonly token?: string;
  /** Milliseconds since the epoch. */
  readonly expiresAtMs: number;
  readonly singleUse: boolean;
  /** What ends it at the provider, where that can be done; as secret as the URL. */
  readonly revocable?: Pick<OpenSession, 'id' | 'expiresAtMs'>;
  /** What the provider said of its own count, where it said so. */
  readonly heeded?: Heeded | undefined;
}

/** What an embed shows, as its product names it. */
export interface Entity {
  readonly type: string;
  readonly id: string | number;
}

/** A named, configured thing a browser may ask for, bound to the provider that shows it. */
export interface Embed {
  readonly name: string;
  readonly title: string;
  /** The provider's name in the configuration. */
  readonly provider: string;
  /** The product: `hex`, `cube`, `metabase`. */
  readonly kind: string;
  /** What the product's own script knows it by. */
  readonly entity?: Entity;
  readonly allow?: Expression | undefined;
  readonly attributes: ReadonlyMap<string, Expression>;
  readonly inputs: ReadonlyMap<string, InputConfig>;
  /** Names of the attributes that make the combination. */
  readonly combination: readonly string[];
  readonly freshnessMs: number;
  /** Whether the provider can filter by this value; an empty one it must not take. */
  readonly takes: (value: Value) => boolean;
  /**
   * Builds all that is to be sent, before anything is spent or sent.
   *
   * @throws {Refusal} `attribute_missing`
   */
  readonly prepare: (order: MintOrder) => Mint;
}
