import type { YAMLError } from 'yaml';
import { shownCharactersMax } from './shown-line.ts';

/** The parser's words without what it quotes of the file, and what usually lies behind them. */
export function yamlMessage({ code, message, pos: [offset] }: YAMLError, text: string): string {
  if (code === 'MULTIPLE_DOCS') return 'a second document begins here';
  const words = code === 'BAD_DQ_ESCAPE' ? 'Invalid escape sequence' : message.replace(/(?<=\w): .*$/s, '');
  return `is not valid YAML: ${words}${hintFor(lineAt(text, offset))}`;
}

function hintFor(line: string): string {
  if (line.length > shownCharactersMax) return '';
  if (/\{[^"']*\$\{/.test(line.replace(/^\s*[\w-]+:\s*\$\{/, ''))) {
    return '; write a reference inside of {…} in quotes: "${file:/path}"';
  }
  if (/[:,-]\s+("[^"]*"|'[^']*')\s*[^\s,\]}#]/.test(line)) {
    return '; put an expression that begins with a quoted text in single quotes as a whole';
  }
  return '';
}

function lineAt(text: string, offset: number): string {
  const end = text.indexOf('\n', offset);
  return text.slice(text.lastIndexOf('\n', offset - 1) + 1, end === -1 ? undefined : end);
}
