import { Refusal } from '../gateway/refusal.ts';
import { joinedChunks, wholeValues, type Cookies } from './cookies.ts';
import { decodePart, readObject, tokenCharactersMax } from './token-text.ts';

const prefix = 'base64-';

/**
 * The access tokens in Supabase's cookie: `base64-` and the base64url of a JSON document. As for its own
 * library, the cookie of the very name wins over chunks, which it leaves behind at times.
 *
 * Nothing vouches for the document: of it the token alone is used, which its issuer has signed.
 *
 * @throws {Refusal} `session_invalid` when it is no such document, `session_ambiguous`
 * @see https://github.com/supabase/ssr/blob/main/src/cookies.ts
 */
export function supabaseTokens(cookies: Cookies, name: string): readonly string[] {
  const whole = wholeValues(cookies, name);
  const joined = whole.length > 0 ? undefined : joinedChunks(cookies, { name, separator: '.' });
  return (joined === undefined ? whole : [joined]).map(accessToken);
}

function accessToken(value: string): string {
  if (value.length > tokenCharactersMax) throw invalid(`is over ${tokenCharactersMax} characters`);
  if (!value.startsWith(prefix)) throw invalid(`does not begin with ${prefix}`);
  const document = readObject(decodePart(value.slice(prefix.length)), 'Supabase’s cookie');
  const token = document.get('access_token');
  if (typeof token !== 'string' || token === '') throw invalid('has no access_token');
  return token;
}

function invalid(reason: string): Refusal {
  return new Refusal('session_invalid', { reason: `Supabase’s cookie ${reason}` });
}
