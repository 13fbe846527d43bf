import type { TokenPlace } from '../config/sessions.ts';
import { Refusal } from '../gateway/refusal.ts';
import type { Credentials } from '../gateway/session.ts';

export interface FoundToken {
  readonly token: string;
  /** Every place that held it. */
  readonly places: readonly TokenPlace[];
}

const charactersMax = 16_384;

/**
 * Looks for the session token in all configured places. One token in two places is one session; two
 * different ones are nobody's, because which of them another layer would have taken is anyone's guess.
 *
 * @returns a token of at most 16 kB without white space or comma
 * @throws {Refusal} `session_missing`, `session_ambiguous`; `session_invalid` for what is no such token, and
 *   for an `Authorization` that speaks of a bearer token in another form than `Bearer TOKEN`
 */
export function findToken(credentials: Credentials, places: readonly TokenPlace[]): FoundToken {
  const found = places.flatMap((place) => tokensAt(place, credentials).map((token) => ({ place, token })));
  const [first] = found;
  if (!first) throw new Refusal('session_missing');
  if (found.some(({ token }) => token !== first.token)) throw new Refusal('session_ambiguous');
  if (first.token.length > charactersMax) throw invalid(`over ${charactersMax} characters`);
  if (/[\s,]/.test(first.token)) throw invalid('white space or a comma in the token');
  return { token: first.token, places: found.map(({ place }) => place) };
}

function tokensAt(place: TokenPlace, { authorization, cookie }: Credentials): readonly string[] {
  return place.kind === 'bearer' ? authorization.flatMap(bearerToken) : cookieValues(cookie, place.name);
}

/**
 * What might be a bearer token to another reader of the header must not be nothing here: it would hide
 * from the comparison. Split at spaces, since a pattern that trims them can take quadratic time.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-2.1
 */
function bearerToken(header: string): readonly string[] {
  if (!/(?:^|[\s,])bearer/i.test(header)) return [];
  const [scheme, token, ...rest] = header.split(' ').filter((part) => part !== '');
  if (scheme?.toLowerCase() !== 'bearer' || token === undefined || rest.length > 0) {
    throw invalid('Authorization is not Bearer and one token');
  }
  return [token];
}

/** Every non-empty value of a cookie: a name may come twice, and the order says nothing about which is meant. */
function cookieValues(header: string, name: string): readonly string[] {
  return header
    .split(';')
    .map((pair) => ({ pair, equals: pair.indexOf('=') }))
    .filter(({ pair, equals }) => equals !== -1 && pair.slice(0, equals).trim() === name)
    .map(({ pair, equals }) =>
      pair
        .slice(equals + 1)
        .trim()
        .replace(/^"(.*)"$/, '$1'),
    )
    .filter((value) => value !== '');
}

function invalid(reason: string): Refusal {
  return new Refusal('session_invalid', { reason });
}
