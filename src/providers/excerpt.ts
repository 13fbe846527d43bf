const charactersMax = 400;

/**
 * What may be logged of a provider's own words: one short line in which no private value, address
 * or token is left.
 *
 * @param hidden values that must not appear: the secret, and whatever the request filtered rows by
 */
export function excerpt(text: string, hidden: readonly string[]): string {
  const spelled = new Set(hidden.filter((value) => value !== '').flatMap(spellings));
  const longestFirst = [...spelled].toSorted((a, b) => b.length - a.length);
  const without = longestFirst.reduce((rest, value) => rest.replaceAll(value, '[hidden]'), text);
  return without
    .replace(/\b[a-z][a-z0-9+.-]*(?::|%3a)(?:\\?\/|%2f){2}[^\s"'<>]+/gi, '[url]')
    .replace(/[\w-]{8,}\.[\w-]{8,}\.[\w-]+/g, '[token]')
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .slice(0, charactersMax)
    .trim();
}

/** A value as it stands, in a URL, and as JSON writes it, with or without ASCII alone, once and in JSON again. */
function spellings(value: string): readonly string[] {
  const once = inJson(value);
  const ascii = once.replace(
    /[^\0-\x7f]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  const encoded = encodeURIComponent(value.toWellFormed());
  return [value, encoded, once, ascii, inJson(once), inJson(ascii)];
}

function inJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** The texts of a value and, where it is JSON itself, of everything in it. */
export function textsIn(value: string): readonly string[] {
  try {
    const texts: string[] = [value];
    JSON.parse(value, (key, item: unknown) => {
      texts.push(key);
      if (typeof item === 'string' || typeof item === 'number') texts.push(String(item));
      return item;
    });
    return texts.filter((text) => text.length > 1);
  } catch {
    return [value];
  }
}
