import type { Add, Path } from './problems.ts';
import { record, type Raw } from './raw.ts';
import { weaknessOf } from './weak-secret.ts';

const charactersMin = 32;

/** What the settings of an entry with `keys.sealed` say of each other. */
export function checkSealed(session: Raw, add: Add): void {
  const { name, tokens, keys, user } = session;
  if (name === undefined) add(['name'], 'is missing: keys.sealed needs it in the place of issuer');
  for (const key of ['issuer', 'audience', 'algorithms']) {
    if (session[key] !== undefined) add([key], 'does not go with keys.sealed: a sealed cookie has none');
  }
  const { sealed, maxStale, ca, ...others } = record(keys);
  if (Object.values(others).some((one) => one !== undefined)) {
    add(['keys'], 'needs exactly one of discovery, jwks, pem, secret, sealed');
  }
  for (const [key, given] of Object.entries({ maxStale, ca })) {
    if (given !== undefined) add(['keys', key], 'fits only discovery and jwks');
  }
  if (tokens === undefined) add(['tokens'], 'is missing: name the cookie, as cookie:NAME');
  for (const [index, place] of listOf(tokens)) {
    if (!isCookie(place)) add(['tokens', index], 'must be cookie:NAME with keys.sealed');
  }
  const { format, secret } = record(sealed);
  if (format === 'nextjs-auth0' && user === undefined) {
    add(['user'], 'is missing: nextjs-auth0 keeps what it knows of the user below claims.user');
  }
  if (typeof secret === 'string') checkSecret(secret, ['keys', 'sealed', 'secret'], add);
  for (const [index, one] of listOf(secret)) {
    if (typeof one === 'string') checkSecret(one, ['keys', 'sealed', 'secret', index], add);
  }
}

/** Whoever has the secret makes sessions, and one cookie is enough to try secrets on. */
function checkSecret(secret: string, path: Path, add: Add): void {
  if (secret === '') return; // told by the schema
  const weakness =
    secret.length < charactersMin ? `has fewer than ${charactersMin} characters` : weaknessOf(secret);
  if (weakness !== undefined)
    add(path, `${weakness}: let the host take another, such as \`npx auth secret\``);
}

/** A sealed cookie says nothing of who sealed it, so its name must belong to one entry alone. */
export function checkSealedPlaces(sessions: readonly unknown[], add: Add): void {
  const sealedBy = new Map<unknown, number>();
  for (const [index, session] of sessions.entries()) {
    if (record(record(session).keys).sealed === undefined) continue;
    for (const [, place] of listOf(record(session).tokens)) {
      if (isCookie(place) && !sealedBy.has(place)) sealedBy.set(place, index);
    }
  }
  for (const [index, session] of sessions.entries()) {
    for (const [at, place] of listOf(record(session).tokens)) {
      const owner = sealedBy.get(place) ?? index;
      if (owner !== index)
        add(['sessions', index, 'tokens', at], `is the sealed cookie of sessions[${owner}]`);
    }
  }
}

function isCookie(place: unknown): boolean {
  return typeof place === 'string' && place.startsWith('cookie:');
}

function listOf(value: unknown): Iterable<[number, unknown]> {
  return (Array.isArray(value) ? value : []).entries() as Iterable<[number, unknown]>;
}
