/** A byte order mark stays, and is for whoever parses the text. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** @returns undefined for bytes that are not UTF-8, where a lenient decoder would put other characters */
export function utf8Text(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** True for text that every reader takes alike: well-formed Unicode without control characters. May be empty. */
export function isCleanText(text: string): boolean {
  return !/[\p{Cc}\p{Cs}]/u.test(text);
}

/** True for clean text that says something: not blank. What may name a tenant, a user or a filter's value. */
export function isPlainText(text: string): boolean {
  return text.trim() !== '' && isCleanText(text);
}
