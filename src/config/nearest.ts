/** The known name that a misspelt one most likely means: at most two edits away, and not most of a short word. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const editsMax = word.length > 64 ? 0 : Math.min(2, Math.floor(word.length / 2));
  return known
    .map((name) => ({ name, edits: distance(word, name) }))
    .filter(({ edits }) => edits > 0 && edits <= editsMax)
    .toSorted((a, b) => a.edits - b.edits)[0]?.name;
}

/** @see https://en.wikipedia.org/wiki/Levenshtein_distance */
function distance(from: string, to: string): number {
  let row = Array.from({ length: Array.from(to).length + 1 }, (_, index) => index);
  for (const [at, character] of Array.from(from).entries()) {
    const next = [at + 1];
    for (const [index, other] of Array.from(to).entries()) {
      const replaced = (row[index] ?? 0) + (character === other ? 0 : 1);
      next.push(Math.min(replaced, (row[index + 1] ?? 0) + 1, (next[index] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
