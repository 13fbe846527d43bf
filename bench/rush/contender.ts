/** Something that answers `/embed-url`, started over a provider of its own. */
export interface Contender {
  /** Origins; more than one where there are several processes. */
  readonly urls: readonly string[];
  readonly stop: () => Promise<void>;
}
