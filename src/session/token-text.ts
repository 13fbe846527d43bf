import type { Claims } from '../config/expressions.ts';
import { utf8Text } from '../config/text.ts';
import { parseStrictJson } from '../gateway/strict-json.ts';
import { invalid } from './invalid.ts';

/** UTF-16 units of a token, and of the cookie that it is taken from. */
export const tokenCharactersMax = 16_384;

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
  const text = utf8Text(bytes);
  if (text === undefined) throw invalid(`${what} is not UTF-8`);
  const { value, fault } = parseStrictJson(text);
  if (fault !== undefined) throw invalid(`${what} ${fault}`);
  if (!(value instanceof Map)) throw invalid(`${what} is not an object`);
  return value as Claims;
}
