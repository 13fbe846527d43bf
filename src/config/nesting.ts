import { Lexer, Parser, type CST } from 'yaml';

const levelsMax = 64;

/**
 * Where a YAML text first goes deeper than 64 levels: an offset in UTF-16 units, or undefined. Asked
 * before anything else reads the text, since what reads it calls itself at each level, and a stack that
 * runs over can end the process instead of throwing.
 */
export function offsetTooDeep(text: string): number | undefined {
  const parser = new Parser();
  const read: CST.Token[] = [];
  for (const lexeme of new Lexer().lex(text)) {
    read.push(...parser.next(lexeme));
    // looked at on the way, since the parser too calls itself once for each level that it closes
    const tooDeep = parser.stack[levelsMax + 1]; // the first is the document
    if (tooDeep) return 'offset' in tooDeep ? tooDeep.offset : parser.offset;
  }
  let tokens: readonly CST.Token[] = [...read, ...parser.end()];
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
