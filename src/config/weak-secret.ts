/** Of 32 random hex digits, fewer than 8 different ones come up once in ten million times. */
const differentMin = 8;
/** Random text loses a few characters to words that it happens to hold; of 32 it keeps this many all but always. */
const leftOverMin = 16;

/** What examples, templates and defaults are made of. */
const commonWords = `
  abcdefghijklmnopqrstuvwxyz abcdef 1234567890 0123456789 123456 qwertyuiop asdfghjkl
  secret password passphrase token key jwt cookie session value string text bytes bits characters char length
  auth authjs auth0 nextauth next supabase embed gateway
  super very long strong secure random safe insecure default example demo sample placeholder
  local test dev development prod production
  change replace generate please must should here need least minimum more than this that your with some
  the for and not use app openssl rand hex base64 256 512 128 64 32
  my at be is in it me to an of a
`;
const commonWord = new RegExp(
  commonWords
    .trim()
    .split(/\s+/)
    .toSorted((a, b) => b.length - a.length)
    .join('|'),
  'gi',
);

/**
 * Why a secret is one that others may know or guess, in words that hold none of it; undefined for one that
 * shows no sign of it. A secret is common when little is left without the words that examples are made of:
 * jwt.io's `a-string-secret-at-least-256-bits-long`, Supabase's
 * `super-secret-jwt-token-with-at-least-32-characters-long`, Auth0's
 * `use [openssl rand -hex 32] to generate a 32 bytes value`.
 */
export function weaknessOf(secret: string): string | undefined {
  if (new Set(secret.toLowerCase()).size < differentMin)
    return `has fewer than ${differentMin} different characters`;
  if ((secret + secret).indexOf(secret, 1) < secret.length) return 'is one text, repeated';
  const leftOver = secret.replace(commonWord, '').replace(/[^\p{L}\p{N}]/gu, '');
  return leftOver.length < leftOverMin ? 'looks like an example or a default' : undefined;
}
