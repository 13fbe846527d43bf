import { placeName, type TokenPlace } from '../config/token-places.ts';
import { Refusal } from '../gateway/refusal.ts';
import type { Credentials } from '../gateway/session.ts';
import { joinedChunks, readCookies, wholeValues, type Cookies } from './cookies.ts';
import { invalid } from './invalid.ts';
import { supabaseTokens } from './supabase.ts';
import { tokenCharactersMax } from './token-text.ts';

export interface FoundToken {
  readonly token: string;
  /** Every place that held it. */
  readonly places: readonly TokenPlace[];
}

/** Base64url in parts (RFC 7515, section 7.1; RFC 7516, section 7.1). */
const tokenPattern = /^[A-Za-z0-9_.-]+$/;

/**
 * Looks for the session token in all configured places. One token in two places is one session; two
 * different ones are nobody's, because which of them another layer would have taken is anyone's guess.
 *
 * @returns a token of at most 16 kB, of the characters that a compact token has
 * @throws {Refusal} `session_missing`, `session_ambiguous`; `session_invalid` for what is no such token, and
 *   for an `Authorization` that speaks of a bearer token in another form than `Bearer TOKEN`
 */
export function findToken(credentials: Credentials, places: readonly TokenPlace[]): FoundToken {
  const cookies = readCookies(credentials.cookie);
  const found = places.flatMap((place) =>
    tokensAt(place, credentials.authorization, cookies).map((token) => ({ place, token })),
  );
  const [first] = found;
  if (!first) {
    const reason = `looked in: ${places.map(placeName).join(', ')}`;
    throw new Refusal('session_missing', { reason });
  }
  if (found.some(({ token }) => token !== first.token)) throw new Refusal('session_ambiguous');
  if (first.token.length > tokenCharactersMax) throw invalid(`over ${tokenCharactersMax} characters`);
  if (!tokenPattern.test(first.token)) throw invalid('characters that no token has');
  return { token: first.token, places: found.map(({ place }) => place) };
}

function tokensAt(place: TokenPlace, authorization: readonly string[], cookies: Cookies): readonly string[] {
  switch (place.kind) {
    case 'bearer':
      return authorization.flatMap(bearerToken);
    case 'cookie':
      return cookieTokens(cookies, place);
    case 'supabase':
      return supabaseTokens(cookies, place.name);
  }
}

/** At the start, or behind a comma or anything that is not visible ASCII: readers differ in what they split at. */
const bearerAnywhere = /(?:^|[^\x21-\x7e]|,)bearer/i;

/**
 * What might be a bearer token to another reader of the header must not be nothing here: it would hide
 * from the comparison. Split at spaces, since a pattern that trims them can take quadratic time.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-2.1
 */
function bearerToken(header: string): readonly string[] {
  if (!bearerAnywhere.test(header)) return [];
  const [scheme, token, ...rest] = header.split(' ').filter((part) => part !== '');
  if (scheme?.toLowerCase() !== 'bearer' || token === undefined || rest.length > 0) {
    throw invalid('Authorization is not Bearer and one token');
  }
  return [token];
}

/** Whole or in chunks: both at once are two tokens, and which of them the host reads depends on its library. */
function cookieTokens(cookies: Cookies, place: Extract<TokenPlace, { kind: 'cookie' }>): readonly string[] {
  const whole = wholeValues(cookies, place.name);
  const joined = joinedChunks(cookies, place);
  if (joined === undefined) return whole;
  if (whole.length > 0) throw new Refusal('session_ambiguous', { reason: 'a cookie and its chunks' });
  return [joined];
}
