import type { Claims } from '../config/expressions.ts';
import { parseStrictJson } from '../gateway/strict-json.ts';
import { Refusal } from '../gateway/refusal.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

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
  const parts = token.split('.');
  if (parts.length !== 3) throw invalid('not a compact JWS');
  const [header, payload] = parts.map(decode);
  checkHeader(readObject(header, 'header'));
  return readObject(payload, 'payload');
}

/**
 * A payload that is not base64url, compressed or encrypted would be read here as something else than
 * meant. `jwk`, `jku`, `x5u` and `x5c` are not read at all: a token does not choose its key.
 */
function checkHeader(header: Claims): void {
  if (header.has('kid') && typeof header.get('kid') !== 'string')
    throw invalid('the header’s kid is no text');
  if (header.get('b64') === false || header.has('zip') || header.has('enc')) {
    throw invalid('the header says that the payload is not plain');
  }
}

function readObject(bytes: Buffer | undefined, part: 'header' | 'payload'): Claims {
  const { value, fault } = parseStrictJson(textOf(bytes, part));
  if (fault !== undefined) throw invalid(`${part} ${fault}`);
  if (!(value instanceof Map)) throw invalid(`${part} is not an object`);
  return value as Claims;
}

function decode(part: string): Buffer {
  const bytes = Buffer.from(part, 'base64url');
  if (part === '' || bytes.toString('base64url') !== part) throw invalid('not canonical base64url');
  return bytes;
}

function textOf(bytes: Buffer | undefined, part: string): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw invalid(`${part} is not UTF-8`);
  }
}

function invalid(reason: string): Refusal {
  return new Refusal('session_invalid', { reason });
}
