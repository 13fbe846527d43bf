import { secretBytesMin } from './algorithms.ts';
import { isIssuerUrl } from './fill-in.ts';
import { checkPreset } from './preset-references.ts';
import type { Add } from './problems.ts';
import { isEmpty, record, type Raw } from './raw.ts';
import { checkSealed, checkSealedPlaces } from './sealed-references.ts';
import { weaknessOf } from './weak-secret.ts';

/** What entries of `sessions`, and settings of one entry, say of each other. */
export function checkSessions(sessions: readonly unknown[], addProblem: Add): void {
  const names = new Set<unknown>();
  for (const [index, session] of sessions.entries()) {
    const add: Add = (path, message) => {
      addProblem(['sessions', index, ...path], message);
    };
    // one list for both: what is counted for one must never be counted for another
    for (const key of ['issuer', 'name']) {
      const given = record(session)[key];
      if (names.has(given)) add([key], 'stands in an earlier entry too');
      if (given !== undefined) names.add(given);
    }
    checkPreset(record(session), add);
    if (record(record(session).keys).sealed === undefined) checkSigned(record(session), add);
    else checkSealed(record(session), add);
  }
  checkSealedPlaces(sessions, addProblem);
}

function checkSigned(session: Raw, add: Add): void {
  const { issuer, name, audience, require: rules, keys } = session;
  if (issuer === undefined) add(['issuer'], 'is missing');
  if (name !== undefined) add(['name'], 'goes with keys.sealed alone: iss names these sessions');
  if (audience === undefined && isEmpty(rules)) {
    add(['audience'], 'is missing: without it, require must say what replaces it');
  }
  if (keys !== undefined) checkKeys(session, add);
}

function checkKeys({ issuer, keys, algorithms }: Raw, add: Add): void {
  const { discovery, jwks, pem, secret } = record(keys);
  const given = [discovery, jwks, pem, secret].filter((one) => one !== undefined).length;
  if (given !== 1) {
    add(['keys'], 'needs exactly one of discovery, jwks, pem, secret, sealed');
    return;
  }
  for (const key of ['maxStale', 'ca'] as const) {
    const isFetched = discovery !== undefined || jwks !== undefined;
    if (!isFetched && record(keys)[key] !== undefined) add(['keys', key], 'fits only discovery and jwks');
  }
  if (discovery === true && typeof issuer === 'string' && issuer !== '' && !isIssuerUrl(issuer)) {
    add(['issuer'], 'must be an https:// URL (http:// only to a loopback host) with discovery');
  }
  if (algorithms === undefined && pem === undefined && secret === undefined) {
    add(['algorithms'], 'is required with jwks and discovery');
  }
  const named = (Array.isArray(algorithms) ? algorithms : []).filter((one) => typeof one === 'string');
  if (secret === undefined) {
    const hmac = named.find((algorithm) => secretBytesMin(algorithm) > 0);
    if (hmac !== undefined) add(['algorithms'], `${hmac} needs keys.secret`);
    return;
  }
  const other = named.find((algorithm) => secretBytesMin(algorithm) === 0);
  if (other !== undefined) add(['algorithms'], `${other} does not fit keys.secret`);
  if (typeof secret === 'string') checkSecret(secret, algorithms === undefined ? ['HS256'] : named, add);
}

function checkSecret(secret: string, algorithms: readonly string[], add: Add): void {
  if (secret === '') return; // told by the schema
  const tooLong = algorithms.find((algorithm) => Buffer.byteLength(secret) < secretBytesMin(algorithm));
  if (tooLong !== undefined) {
    const bytes = secretBytesMin(tooLong);
    add(['keys', 'secret'], `${tooLong} needs a secret of at least ${bytes} bytes (RFC 7518, section 3.2)`);
    return;
  }
  const weakness = weaknessOf(secret);
  if (weakness !== undefined) add(['keys', 'secret'], `${weakness}: take random bytes`);
}
