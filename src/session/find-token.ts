import type { TokenPlace } from '../config/sessions.ts';
import { Refusal } from '../gateway/refusal.ts';
import type { Credentials } from '../gateway/session.ts';

export interface FoundToken {
  readonly token: string;
  /** Every place that held it. */
  readonly places: readonly TokenPlace[];
}

/**
 * Looks for the session token in all configured places. One token in two places is one session; two
 * different ones are nobody's, because which of them another layer would have taken is anyone's guess.
 *
 * @throws {Refusal} `session_missing`, `session_ambiguous`
 */
export function findToken(credentials: Credentials, places: readonly TokenPlace[]): FoundToken {
  const found = places.flatMap((place) => tokensAt(place, credentials).map((token) => ({ place, token })));
  const [first] = found;
  if (!first) throw new Refusal('session_missing');
  if (found.some(({ token }) => token !== first.token)) throw new Refusal('session_ambiguous');
  return { token: first.token, places: found.map(({ place }) => place) };
}

function tokensAt(place: TokenPlace, { authorization, cookie }: Credentials): readonly string[] {
  return place.kind === 'bearer' ? authorization.flatMap(bearerToken) : cookieValues(cookie, place.name);
}

/** @see https://www.rfc-editor.org/rfc/rfc6750#section-2.1 */
function bearerToken(header: string): readonly string[] {
  const [, token] = /^bearer +(\S.*?) *$/i.exec(header) ?? [];
  return token === undefined ? [] : [token];
}

/** Every non-empty value of a cookie: a name may come twice, and the order says nothing about which is meant. */
function cookieValues(header: string, name: string): readonly string[] {
  return header
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1).replace(/^"(.*)"$/, '$1'))
    .filter((value) => value !== '');
}
