/** Fewer characters than these, of a value as it stands or encoded, are in any text. */
const plainMin = 3;
const encodedMin = 5;
/** A run of so many characters that a text shares with a private value is no chance. */
const runMin = 7;

/** Tells whether a text gives a private value away. */
export interface PrivateValues {
  /** True where it holds a private value, is a part of one, or shares a run of characters with one. */
  readonly isIn: (text: string) => boolean;
  /** True where words, each of them harmless, spell a part of a private value together. */
  readonly isSpeltBy: (words: readonly string[]) => boolean;
}

/**
 * Looks for private values as a provider may repeat them: in any case and punctuation, cut, as base64 from any
 * byte on, as hexadecimal or decimal bytes, percent-encoded, or escaped in JSON.
 */
export function privateValues(values: readonly string[]): PrivateValues {
  const parts = values.flatMap((value) => [value, ...wordsIn(value)]);
  const plain = formSet([...parts, ...values.map(asciiOnly)].map(normal), plainMin);
  const encoded = formSet(values.flatMap(encodings).map(normal), encodedMin);
  const sharesRun = (text: string): boolean =>
    runsOf(text).some((run) => plain.all.includes(run) || encoded.all.includes(run));
  const shows = (text: string): boolean => isPart(text, plain) || isPart(text, encoded) || sharesRun(text);
  return {
    isIn: (text) => shows(normal(text)) || shows(normal(unescape(text))),
    isSpeltBy: (words) => sharesRun(normal(words.join(''))),
  };
}

/** Texts to look for, one by one and, to be quick where there are many, in one. */
interface FormSet {
  readonly each: readonly string[];
  /** Each between two bars. */
  readonly all: string;
  readonly partMin: number;
}

function formSet(forms: readonly string[], partMin: number): FormSet {
  const each = [...new Set(forms)].filter((form) => form !== '');
  return { each, all: `|${each.join('|')}|`, partMin };
}

function isPart(shown: string, { each, all, partMin }: FormSet): boolean {
  if (shown.length >= partMin ? all.includes(shown) : all.includes(`|${shown}|`)) return true;
  return each.some((form) => form.length >= partMin && shown.includes(form));
}

function runsOf(text: string): readonly string[] {
  const count = Math.max(0, text.length - runMin + 1);
  return Array.from({ length: count }, (_, at) => text.slice(at, at + runMin));
}

/** A provider may repeat one element of a list, or one word of a name. */
function wordsIn(value: string): readonly string[] {
  return value.split(/[^\p{L}\p{N}]+/u);
}

/** As it is left where other characters are dropped, not replaced. */
function asciiOnly(value: string): string {
  return value.replace(/[^\0-\x7f]/g, '');
}

function encodings(value: string): readonly string[] {
  const bytes = Buffer.from(value);
  return [
    ...[0, 1, 2].map((offset) => base64At(bytes, offset)),
    bytes.toString('hex'),
    bytes.join(''),
    encodeURIComponent(value.toWellFormed()),
  ];
}

/** Undoes the escapes of JSON, with or without their backslash. */
function unescape(text: string): string {
  return text.replace(/u([0-9a-f]{4})/gi, (_, digits: string) => String.fromCharCode(parseInt(digits, 16)));
}

/** The characters that these bytes alone decide, so many bytes after the start of a longer text. */
function base64At(bytes: Buffer, offset: number): string {
  const whole = Buffer.concat([Buffer.alloc(offset), bytes]);
  return whole.toString('base64url').slice(Math.ceil((offset * 8) / 6), Math.floor((whole.length * 8) / 6));
}

/** Without case, accents, or anything but letters and digits. */
function normal(text: string): string {
  return text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '');
}
