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

/**
 * What can be seen of a text: neither blank, nor a format character, a filler, a selector or unassigned, nor
 * a mark without its letter. U+2800 and those after it are symbols by class, and blank all the same.
 */
const visible =
  /[^\p{White_Space}\p{Default_Ignorable_Code_Point}\p{C}\p{M}\u2800\ufffc\u{1d159}\u{13441}\u{13442}]/u;

/** True for clean text that says something: part of it can be seen. What may be a name or a filter's value. */
export function isPlainText(text: string): boolean {
  return isCleanText(text) && visible.test(text);
}

/** What reorders the text around it, ends a line, writes in secret or is no character. */
const misleading = /[\p{Bidi_Control}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}\u{e0000}-\u{e007f}]/u;

/**
 * True for plain text that may name a tenant or a user. Nothing is normalised: names that look alike are
 * different names. U+200C and U+200D are taken, since Persian and emoji are written with them.
 */
export function isIdentifier(text: string): boolean {
  return isPlainText(text) && !misleading.test(text);
}
