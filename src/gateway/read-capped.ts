import { utf8Text } from '../config/text.ts';

/**
 * Reads a body as UTF-8 text, without a byte order mark.
 *
 * @param bytesMax the most that is read; past it the rest is dropped
 * @returns undefined when the body is larger or not UTF-8
 */
export async function readCapped(
  body: AsyncIterable<Uint8Array>,
  bytesMax: number,
): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > bytesMax) return undefined;
    chunks.push(chunk);
  }
  return utf8Text(Buffer.concat(chunks))?.replace(/^\uFEFF/, '');
}
