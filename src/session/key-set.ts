import { createLocalJWKSet, type JWK, type JWTVerifyGetKey } from 'jose';
import { misfit, strengthNeeded, type Algorithm } from '../config/algorithms.ts';
import { readCertificateMap } from './certificate-map.ts';
import { readJsonWebKeys } from './json-web-keys.ts';
import { KeysUnavailable } from './key-server.ts';
import type { PublishedKey } from './published-key.ts';

/** The keys of one answer that may verify. */
export interface KeySet {
  /** Picks by kid, type, curve, `alg`, `use` and `key_ops`; refuses where more than one key is left. */
  readonly find: JWTVerifyGetKey;
  readonly size: number;
  /** Keys that an operator would expect to be used, and why they are not: one text each. */
  readonly ignored: readonly string[];
}

/**
 * Reads what a key server answered: a JSON Web Key Set, or a table from kid to certificate. Keys of
 * other uses are passed over; a weak or broken one disables only itself.
 *
 * @param algorithms that the keys are to verify; a key that fits none of them is passed over
 * @throws {KeysUnavailable} the answer is neither
 */
export function readKeySet(
  document: Readonly<Record<string, unknown>>,
  algorithms: readonly Algorithm[],
): KeySet {
  const published = readJsonWebKeys(document, algorithms) ?? readCertificateMap(document);
  if (!published) throw new KeysUnavailable('the answer is not a key set');
  const judged = published.map((key) => judge(key, algorithms));
  const keys = judged.flatMap(({ usable }) => usable ?? []);
  const ignored = judged.flatMap(({ fault }, index) =>
    fault === undefined ? [] : [`key ${index + 1} of ${judged.length} is ${fault}`],
  );
  return { find: createLocalJWKSet({ keys }), size: keys.length, ignored };
}

/** Neither member for a key that is passed over. */
interface Judged {
  readonly usable?: JWK;
  readonly fault?: string;
}

function judge({ key, binding, fault }: PublishedKey, algorithms: readonly Algorithm[]): Judged {
  if (fault !== undefined) return { fault };
  if (!key || algorithms.every((algorithm) => misfit(key, algorithm) !== undefined)) return {};
  const needed = strengthNeeded(key);
  if (needed !== undefined) return { fault: `not ${needed}` };
  return { usable: { ...key.export({ format: 'jwk' }), ...binding } };
}
