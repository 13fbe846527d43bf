import type { Claims } from '../config/expressions.ts';
import { parseStrictJson } from '../gateway/strict-json.ts';
import { Refusal } from '../gateway/refusal.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads the claims of a compact JWS before its signature is checked, to learn which issuer to ask.
 *
 * The very same bytes are then verified, so what is read here once is what later steps may use. This
 * reading is stricter than jose's: canonical base64url, UTF-8 without byte-order mark, no name twice in
 * an object, no name of an object's prototype.
 *
 * @param token at most 16 kB, as findToken sees to it
 *
 * @throws {Refusal} `session_invalid`
 * @see https://www.rfc-editor.org/rfc/rfc7519#section-7.2
 */
export function readUnverifiedClaims(token: string): Claims {
  const parts = token.split('.');
  if (parts.length !== 3) throw invalid('not a compact JWS');
  const [, payload] = parts.map(decode);
  const { value, fault } = parseStrictJson(textOf(payload));
  if (fault !== undefined) throw invalid(`payload ${fault}`);
  if (!(value instanceof Map)) throw invalid('payload is not an object');
  return value as Claims;
}

function decode(part: string): Buffer {
  const bytes = Buffer.from(part, 'base64url');
  if (part === '' || bytes.toString('base64url') !== part) throw invalid('not canonical base64url');
  return bytes;
}

function textOf(bytes: Buffer | undefined): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw invalid('payload is not UTF-8');
  }
}

function invalid(reason: string): Refusal {
  return new Refusal('session_invalid', { reason });
}
