/**
 * Whatever does not show as itself on a line: controls, line and paragraph separators, what reorders the text
 * around it, what is invisible, spaces that are none on the keyboard, what is not assigned.
 */
const unseen = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?! )\p{Zs}/gu;

/**
 * Text for one line of a log or a terminal: every character in it that could forge, reorder or hide a part of
 * the line is written as its UTF-16 units, such as `\u202e`. A JSON document without line breaks stays the same document.
 */
export function escapeUnseen(text: string): string {
  return text.replace(unseen, (character) =>
    character
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}
