import fc from 'fast-check';
import { expect, it } from 'vitest';
import { damaged, hostileText } from './hostile.ts';
import { codeOf } from './our-form.ts';
import { fuzzTimeoutMs, runs } from './runs.ts';
import { genuine, startTarget } from './target.ts';

const ticket = 'a'.repeat(22);
const name = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom('embed', 'region', 'topN', 'detailed', 'note', 'queue-ticket') },
  fc.constantFrom('Embed', 'embed[]', 'embed[a]', 'orgId', 'tenant', '__proto__', 'inputs', '%65mbed'),
  hostileText,
);
const value = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom('sales', 'EU', '5', 'true', ticket) },
  fc.constantFrom(
    '%ff',
    '%c0%af',
    '%ed%a0%80',
    '100%',
    'nothing',
    'SALES',
    'sales ',
    '5.0',
    '05',
    '1e1',
    '0x5',
    '101',
    '+5',
    '-0',
    '٥',
    'True',
    '5\0',
  ),
  hostileText,
);
/** Escaped as it should be, throughout, or not at all. */
const written = (text: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.tuple(text, fc.constantFrom(escaped, encodeThroughout, unescaped)).map(([one, write]) => write(one));
const pairs = fc
  .array(fc.tuple(written(name), written(value)), { maxLength: 5 })
  .map((all) => all.map((one) => one.join('=')).join('&'));
const right = fc.constantFrom('embed=sales', 'embed=sales&region=EU&topN=5', 'detailed=true&embed=sales');
const query = fc.oneof(
  right,
  pairs,
  fc.tuple(right, pairs).map((both) => both.join('&')),
  value.map((text) => `embed=sales&note=${unescaped(text)}`),
  damaged(
    right,
    fc.oneof(fc.constantFrom('&', '=', '?', '%', '%ff', '%00', '+', ';', '[]', '&embed=sales'), hostileText),
  ).map(unescaped),
);

function escaped(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

function encodeThroughout(text: string): string {
  return [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
}

/** As it stands, but for what would end the request line, or the target before it. */
function unescaped(text: string): string {
  return text.replace(/[^\x21-\x7e]|#/g, '');
}

it(
  'any query is refused in our form, or sends the inputs that it names',
  { timeout: fuzzTimeoutMs },
  async () => {
    const { ask, expectUnharmed } = await startTarget();
    const token = genuine();
    const statuses = new Set<number>();
    await fc.assert(
      fc.asyncProperty(query, fc.boolean(), async (text, isFrame) => {
        const target = isFrame
          ? `/embeds/sales/frame?${text.replace('embed=sales', '')}`
          : `/embed-url?${text}`;
        const head = `host: x\r\nconnection: close\r\nauthorization: Bearer ${token}\r\n\r\n`;
        const { answer, sent } = await ask(`GET ${target} HTTP/1.1\r\n${head}`);
        statuses.add(answer.status);
        if (answer.status >= 400) {
          expect(codeOf(answer)).toMatch(/^(?:input_invalid|embed_not_found|bad_request)$/);
          expect(answer.headers.get('content-type')).toContain(isFrame ? 'text/html' : 'problem+json');
          expect(sent).toEqual([]);
          return;
        }
        const given = [...new URLSearchParams(target.slice(target.indexOf('?')))];
        // every escape is one of UTF-8, so that nothing was put in the place of what another reader sees
        expect(() => decodeURIComponent(text)).not.toThrow();
        const chosen = Object.fromEntries(given);
        expect(Object.keys(chosen)).toHaveLength(given.length);
        const { embed, region, topN, detailed, note, 'queue-ticket': shown, ...others } = chosen;
        expect(others).toEqual({});
        if (!isFrame) expect(shown).toBeUndefined();
        expect(isFrame ? undefined : 'sales').toBe(embed);
        expect(sent.map(({ inputParameters }) => inputParameters)).toEqual([
          {
            ...(region !== undefined && { region }),
            ...(topN !== undefined && { topN: Number(topN) }),
            ...(note !== undefined && { note }),
            ...(detailed !== undefined && { detailed: detailed === 'true' }),
          },
        ]);
        expect(region ?? 'EU').toMatch(/^(?:EU|US)$/);
        expect(topN ?? '1').toMatch(/^(?:[1-9]\d?|100)(?:\.0+)?$/);
      }),
      runs(500),
    );
    expect([...statuses].toSorted()).toEqual([200, 303, 400, 404]);
    await expectUnharmed();
  },
);
