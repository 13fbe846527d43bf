/** True for text that every reader takes alike: well-formed Unicode without control characters. May be empty. */
export function isCleanText(text: string): boolean {
  return !/[\p{Cc}\p{Cs}]/u.test(text);
}

/** True for clean text that says something: not blank. What may name a tenant, a user or a filter's value. */
export function isPlainText(text: string): boolean {
  return text.trim() !== '' && isCleanText(text);
}
