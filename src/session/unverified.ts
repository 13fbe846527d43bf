import type { Claims } from '../config/expressions.ts';
import { invalid } from './invalid.ts';
import { decodePart, readObject } from './token-text.ts';

/**
 * Reads header and claims of a compact JWS before its signature is checked, to learn which issuer to ask.
 *
 * The very same bytes are then verified, so what is read here once is what later steps may use. This
 * reading is stricter than jose's: canonical base64url, UTF-8 without byte-order mark, and strict JSON
 * in both.
 *
 * @param token at most 16 kB, as findToken sees to it
 *
 * @throws {Refusal} `session_invalid`
 * @see https://www.rfc-editor.org/rfc/rfc7519#section-7.2
 */
export function readUnverifiedClaims(token: string): Claims {
  const [header, payload, signature, ...rest] = token.split('.').map(decodePart);
  if (!header || !payload || !signature || rest.length > 0) throw invalid('not a compact JWS');
  const claims = readObject(payload, 'payload');
  checkHeader(readObject(header, 'header'));
  if (claims.get('events') instanceof Map) throw invalid('a security event, not a session');
  return claims;
}

/**
 * What the same issuer signs with the same keys for the same audience, and is no session: OpenID Connect
 * Back-Channel Logout (section 2.4), RFC 8417, RFC 9701. A logout token may go without its `typ`, not
 * without its `events`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8725#section-3.11 explicit typing
 */
const otherTypes = new Set(['logout+jwt', 'secevent+jwt', 'token-introspection+jwt']);

/**
 * A payload that is not base64url, compressed or encrypted would be read here as something else than
 * meant. `jwk`, `jku`, `x5u` and `x5c` are not read at all: a token does not choose its key.
 */
function checkHeader(header: Claims): void {
  if (header.has('kid') && typeof header.get('kid') !== 'string')
    throw invalid('the header’s kid is no text');
  if (header.has('typ') && !isSessionType(header.get('typ'))) throw invalid('a token of another type');
  const crit = header.get('crit');
  // RFC 7515, section 4.1.11; that each name is understood, jose sees to
  if (Array.isArray(crit) && new Set(crit).size < crit.length)
    throw invalid('the header’s crit has a name twice');
  // what is not exactly true, another reader may take for false
  const isEncoded = !header.has('b64') || header.get('b64') === true;
  if (!isEncoded || header.has('zip') || header.has('enc')) {
    throw invalid('the header says that the payload is not plain');
  }
}

/** A media type is written in any case, and its `application/` may be left out (RFC 7515, section 4.1.9). */
function isSessionType(typ: unknown): boolean {
  return typeof typ === 'string' && !otherTypes.has(typ.toLowerCase().replace(/^application\//, ''));
}
