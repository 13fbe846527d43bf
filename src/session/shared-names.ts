import type { Claims, Value } from '../config/expressions.ts';

/**
 * Claims that name a token or its session: `jti` (RFC 7519), which a session keeps that is sealed or signed
 * again as it is; `sid` of OpenID Connect, as Keycloak, Clerk, WorkOS and nextjs-auth0 have it; Supabase's
 * `session_id`; Cognito's `origin_jti`, the same for all that one sign-in was renewed to.
 *
 * @see https://openid.net/specs/openid-connect-backchannel-1_0.html#BCSupport sid
 * @see https://docs.aws.amazon.com/cognito/latest/developerguide/token-revocation.html origin_jti
 */
const naming = ['jti', 'sid', 'session_id', 'origin_jti'];

/**
 * What a token has in common with others of its session.
 *
 * @param places maps of claims that may hold such names
 * @returns name and value of each; none for a token that names no session
 */
export function sharedNames(
  places: readonly (Claims | undefined)[],
): readonly (readonly [name: string, value: string | number])[] {
  const found = [...new Set(places)].flatMap((claims) =>
    naming.map((name) => [name, claims?.get(name)] as const),
  );
  return found.filter((entry): entry is readonly [string, string | number] => isName(entry[1]));
}

function isName(value: Value | undefined): boolean {
  return typeof value === 'string' ? value.trim() !== '' : typeof value === 'number';
}
