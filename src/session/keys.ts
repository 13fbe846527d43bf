import type { JWTVerifyGetKey } from 'jose';

/** The keys that may verify one issuer's tokens. */
export interface Keys {
  /** @throws {KeysUnavailable} there is no key to use: never fetched, or too long ago */
  readonly find: JWTVerifyGetKey;
  /**
   * Fetches the keys when it is time: at first, every five minutes, and after a failure when its wait
   * is over. Resolves when that is done; never rejects. Does nothing where the keys are in the configuration.
   */
  refreshWhenDue(): Promise<void>;
  /** True while there are keys to use. */
  isReady(): boolean;
  /** What went wrong when the keys were last fetched; undefined when nothing did. */
  failure(): string | undefined;
}
