import type { Secret } from '../config/secret.ts';

/**
 * All that must not be logged when a provider repeats it: its secrets, and every value that it was sent,
 * whole and in parts, since a provider may repeat one element of a list.
 *
 * @param values as JSON has them
 */
export function hiddenIn(values: readonly unknown[], secrets: readonly Secret[]): readonly string[] {
  const texts = values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value)));
  return [...secrets.map((secret) => secret.reveal()), ...texts, ...texts.flatMap(wordsIn)];
}

function wordsIn(text: string): readonly string[] {
  return text.split(/[^\p{L}\p{N}]+/u);
}
