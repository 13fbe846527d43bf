import type { Claims } from '../config/expressions.ts';
import { parseStrictJson } from '../gateway/strict-json.ts';
import { Refusal } from '../gateway/refusal.ts';

/** UTF-16 units of a token, and of the cookie that it is taken from. */
export const tokenCharactersMax = 16_384;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads one part of a token, refusing what another reader might take for other bytes.
 *
 * @throws {Refusal} `session_invalid` for anything but non-empty canonical base64url
 */
export function decodePart(part: string): Buffer {
  const bytes = Buffer.from(part, 'base64url');
  if (part === '' || bytes.toString('base64url') !== part) throw invalid('not canonical base64url');
  return bytes;
}

/**
 * Reads a JSON object as strictly as {@link parseStrictJson}, in UTF-8 without byte-order mark.
 *
 * @param what names it in the reason of a refusal
 * @throws {Refusal} `session_invalid`
 */
export function readObject(bytes: Uint8Array, what: string): Claims {
  const { value, fault } = parseStrictJson(textOf(bytes, what));
  if (fault !== undefined) throw invalid(`${what} ${fault}`);
  if (!(value instanceof Map)) throw invalid(`${what} is not an object`);
  return value as Claims;
}

function textOf(bytes: Uint8Array, what: string): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw invalid(`${what} is not UTF-8`);
  }
}

function invalid(reason: string): Refusal {
  return new Refusal('session_invalid', { reason });
}
