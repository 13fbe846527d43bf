/** The code of an error, or the word in capitals in its message; never an address. */
export function errorWord(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('code' in error && typeof error.code === 'string') return error.code;
  // what a user may not do within a script is an ERR, in words that depend on Redis's version
  if (/^ERR (?:ACL failure|The user executing the script)/.test(error.message)) return 'NOPERM';
  return /\b[A-Z_]{3,}\b/.exec(error.message)?.[0];
}
