import { Parser, type CST } from 'yaml';

const levelsMax = 64;

/**
 * Where a YAML text first goes deeper than 64 levels: an offset in UTF-16 units, or undefined. Asked
 * before anything else reads the text, since what reads it calls itself at each level, and a stack that
 * runs over can end the process instead of throwing.
 */
export function offsetTooDeep(text: string): number | undefined {
  let tokens: readonly CST.Token[] = [...new Parser().parse(text)];
  for (let level = 0; level <= levelsMax; level += 1) tokens = tokens.flatMap(tokensBelow);
  return tokens.find((token) => 'offset' in token)?.offset;
}

function tokensBelow(token: CST.Token): readonly CST.Token[] {
  if (token.type === 'document') return token.value ? [token.value] : [];
  if (!('items' in token)) return [];
  return token.items.flatMap(({ key, value }) =>
    [key, value].filter((one) => one !== undefined && one !== null),
  );
}
