import fc from 'fast-check';

/** What must not be found again in the log. */
export const mark = 'hostile-mark';

/** Texts that mean something to somebody: to a parser, a shell, a page, a log, an object. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    '\0',
    '\u2028',
    '\ufeff',
    '\ud800',
    '__proto__',
    'constructor',
    'toString',
    '../../metrics',
    '%00',
    '%2e%2e%2f',
    `<script>${mark}</script>`,
    `"><img src=x onerror=${mark}>`,
    `${mark}\r\nset-cookie: a=b`,
    `\${env:HEX_TOKEN}`,
    `{{${mark}}}`,
    `\u001b[31m${mark}`,
    "' or 1=1 --",
    mark.repeat(40),
  ),
  fc.string({ maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
);

/** Values of any type, where another one is expected. */
export const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, 0, -1, 1.5, 1e21, 2 ** 53, -0, [], {}, [[]], { a: { a: {} } }),
  hostileText,
  fc.jsonValue({ maxDepth: 3 }),
  fc.array(hostileText, { maxLength: 3 }),
  fc.integer({ min: 60, max: 3000 }).map(nested),
);

/** @param depth of arrays in each other */
function nested(depth: number): unknown {
  let value: unknown = mark;
  for (let level = 0; level < depth; level += 1) value = [value];
  return value;
}

type Edit = (text: string) => string;

const position = fc.double({ min: 0, max: 1, noNaN: true });

/** One change to a text: something put in, taken out, doubled, moved or written over. */
function edit(put: fc.Arbitrary<string>): fc.Arbitrary<Edit> {
  const span = fc.tuple(position, position).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
  const cut = (text: string, [from, to]: readonly [number, number]): readonly [string, string, string] => {
    const [start, end] = [Math.floor(from * text.length), Math.ceil(to * text.length)];
    return [text.slice(0, start), text.slice(start, end), text.slice(end)];
  };
  return fc.oneof(
    fc.tuple(position, put).map(([at, extra]): Edit => {
      return (text) =>
        text.slice(0, Math.floor(at * text.length)) + extra + text.slice(Math.floor(at * text.length));
    }),
    fc.tuple(position, put).map(([at, extra]): Edit => {
      return (text) =>
        text.slice(0, Math.floor(at * text.length)) + extra + text.slice(Math.floor(at * text.length) + 1);
    }),
    span.map(
      (where): Edit =>
        (text) =>
          cut(text, where)[0] + cut(text, where)[2],
    ),
    span.map(
      (where): Edit =>
        (text) =>
          cut(text, where)[1],
    ),
    span.map((where): Edit => {
      return (text) => {
        const [before, middle, after] = cut(text, where);
        return before + middle + middle + after;
      };
    }),
    span.map((where): Edit => {
      return (text) => {
        const [before, middle, after] = cut(text, where);
        return middle + before + after;
      };
    }),
  );
}

/** A text, changed in one to three places. @param put what is put in */
export function damaged(text: fc.Arbitrary<string>, put: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc
    .tuple(text, fc.array(edit(put), { minLength: 1, maxLength: 3 }))
    .map(([whole, edits]) => edits.reduce((changed, change) => change(changed), whole));
}
