import fc from 'fast-check';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { damaged, hostileText, hostileValue } from './hostile.ts';
import { codeOf } from './our-form.ts';
import { fuzzTimeoutMs, runs } from './runs.ts';
import { genuine, startTarget } from './target.ts';

const embedUrl = { embed: 'sales', inputs: { region: 'EU', topN: 5, detailed: true } };
const guestToken = { entityType: 'dashboard', entityId: 12 };

const members = fc.dictionary(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.constantFrom('embed', 'inputs', 'entityType', 'entityId', 'attributes', 'orgId'),
    },
    hostileText,
  ),
  hostileValue,
  { maxKeys: 3, noNullPrototype: true },
);
const inputs = fc.dictionary(
  fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom('region', 'topN', 'detailed', 'note', 'orgId') },
    hostileText,
  ),
  fc.oneof(fc.constantFrom<unknown>('EU', 'US', 5, true, '5', 5.5, 101, 'true', ['EU']), hostileValue),
  { maxKeys: 3, noNullPrototype: true },
);
const right = fc.constantFrom(embedUrl, guestToken).map((body) => JSON.stringify(body));
const json = fc.oneof(
  right,
  fc.constantFrom('embed', 'inputs', 'region').map(givenTwice),
  members.map((fields) => JSON.stringify({ ...embedUrl, ...fields })),
  members.map((fields) => JSON.stringify({ ...guestToken, ...fields })),
  inputs.map((given) => JSON.stringify({ embed: 'sales', inputs: given })),
  hostileValue.map((value) => JSON.stringify(value)),
  damaged(
    right,
    fc.oneof(
      fc.constantFrom('"', ',', '{', '}', '\\', '\\u0000', '1e9', ' ', '"embed":"sales",'),
      hostileText,
    ),
  ),
);
const bytes = fc.oneof(
  { weight: 4, arbitrary: json.map((text) => Buffer.from(text)) },
  fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array)),
  json.map((text) => Buffer.from(text, 'utf16le')),
  json.map((text) => Buffer.from(`\ufeff${text}`)),
  fc
    .tuple(json, fc.integer({ min: 15_000, max: 40_000 }))
    .map(([text, size]) => Buffer.from(text.padEnd(size))),
);
const contentType = fc.oneof(
  { weight: 6, arbitrary: fc.constant('application/json') },
  fc.constantFrom(
    'application/json; charset=utf-8',
    'application/json;charset=utf-16',
    'Application/JSON',
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/json, text/html',
    'json',
    '',
    '/',
    ';',
    'application/json;a="',
  ),
  hostileText.map((text) => text.replace(/[^\t\x20-\x7e\x80-\xff]/g, '~')),
);

/** A body that another reader takes for another one. */
function givenTwice(name: string): string {
  return JSON.stringify(embedUrl).replace(`"${name}":`, `"${name}":"US","${name}":`);
}

/** The whole body, by its length or in chunks. */
function framed(body: Buffer, chunkBytes: number): string {
  const text = body.toString('latin1');
  if (chunkBytes === 0) return `content-length: ${body.length}\r\n\r\n${text}`;
  const chunks = text.match(new RegExp(`[^]{1,${chunkBytes}}`, 'g')) ?? [];
  const written = chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('');
  return `transfer-encoding: chunked\r\n\r\n${written}0\r\n\r\n`;
}

const accepted = {
  '/embed-url': z.strictObject({
    embed: z.literal('sales'),
    inputs: z
      .strictObject({
        region: z.enum(['EU', 'US']).optional(),
        topN: z.int().min(1).max(100).optional(),
        detailed: z.boolean().optional(),
        note: z.string().optional(),
      })
      .default({}),
  }),
  '/metabase/guest-token': z.looseObject({
    entityType: z.literal('dashboard'),
    entityId: z.union([z.literal(12), z.literal('12')]),
  }),
} as const;

it(
  'any body is refused in our form, or sends the inputs that it names',
  { timeout: fuzzTimeoutMs },
  async () => {
    const { ask, expectUnharmed } = await startTarget();
    const token = genuine();
    const codes = new Set<string>();
    const path = fc.constantFrom('/embed-url', '/metabase/guest-token');
    const chunkBytes = fc.constantFrom(0, 0, 1000, 7);
    await fc.assert(
      fc.asyncProperty(path, bytes, contentType, chunkBytes, async (to, body, type, size) => {
        const head = `host: x\r\nconnection: close\r\nauthorization: Bearer ${token}\r\ncontent-type: ${type}\r\n`;
        const { answer, sent } = await ask(`POST ${to} HTTP/1.1\r\n${head}${framed(body, size)}`);
        if (answer.status !== 200) {
          const code = codeOf(answer);
          codes.add(code);
          expect(code).toMatch(
            /^(?:input_invalid|embed_not_found|embed_denied|payload_too_large|unsupported_media_type|bad_request)$/,
          );
          expect(sent).toEqual([]);
          return;
        }
        codes.add(to);
        expect(type).toMatch(/^\s*application\/json\s*(?:;|$)/i);
        const asked = accepted[to].parse(JSON.parse(body.toString()));
        for (const name of Object.keys(embedUrl)) {
          expect(body.toString().split(`"${name}":`).length).toBeLessThanOrEqual(2);
        }
        const expected = 'inputs' in asked && to === '/embed-url' ? [asked.inputs] : [];
        expect(sent.map(({ inputParameters }) => inputParameters)).toEqual(expected);
      }),
      runs(500),
    );
    expect([...codes]).toEqual(
      expect.arrayContaining([
        '/embed-url',
        '/metabase/guest-token',
        'input_invalid',
        'payload_too_large',
        'unsupported_media_type',
      ]),
    );
    await expectUnharmed();
  },
);
