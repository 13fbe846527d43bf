import { randomBytes, randomUUID } from 'node:crypto';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { MintOrder } from '../../src/gateway/embed.ts';
import { createProvider } from '../../src/providers/create.ts';
import { said } from '../../src/providers/excerpt.ts';
import { createSend } from '../../src/providers/send.ts';
import { readOne } from '../support/one-embed.ts';
import { grant, openProvider, refusalOf, session } from './support.ts';

const tokens = ['hxtw_8fQz3LmT7vKd2RyW9bXc5NpJ', 'hxtw_Uk4Gs6HaEo1iPqVt0ZyMrBwC'] as const;
const keys = ['sk-live-Qm7Zr4LwX2tNy9HjKd3F', 'sk-live-Ta8Be5Uc6GpSfVxRnQeW'] as const;

/** Each is private of the call in its own way. */
const values = {
  attribute: 'Quokkasanctuary-71',
  element: 'Wombatreserve',
  input: 'Zürich-Wiedikon',
  claim: 'margarita.vonderfluh@example.org',
  nested: 'Pangolinhaus',
};

const claims = new Map<string, Session['claims'] extends ReadonlyMap<string, infer Item> ? Item : never>([
  ['email', values.claim],
  ['teams', [new Map([['name', values.nested]])]],
]);
type Session = typeof session;

const full: MintOrder = {
  session: { ...session, claims },
  attributes: new Map([
    ['orgId', values.attribute],
    ['sites', JSON.stringify(['EU', values.element])],
  ]),
  inputs: new Map([['city', values.input]]),
};

/** Ways in which a provider may write what it was sent, each from the value to a text. */
const spellings: readonly (readonly [string, (text: string) => string])[] = [
  ['as it stands', (text) => text],
  ['in capitals', (text) => text.toUpperCase()],
  ['in base64', (text) => Buffer.from(text).toString('base64')],
  ['in base64url', (text) => Buffer.from(text).toString('base64url')],
  ['in base64, after one byte', (text) => Buffer.from(`:${text}`).toString('base64url')],
  ['in base64, after two bytes', (text) => Buffer.from(`u:${text}`).toString('base64url')],
  ['in base64, in a header', (text) => Buffer.from(`Bearer ${text}`).toString('base64')],
  ['in hexadecimal', (text) => Buffer.from(text).toString('hex')],
  ['in hexadecimal capitals', (text) => Buffer.from(text).toString('hex').toUpperCase()],
  ['percent-encoded', encodeURIComponent],
  ['percent-encoded throughout', (text) => Buffer.from(text).toString('hex').replace(/../g, '%$&')],
  ['escaped for JSON', (text) => text.replace(/[^a-z]/g, escaped)],
  ['in full-width letters', (text) => text.replace(/[!-~]/g, fullWidth)],
  ['with dashes', (text) => text.replace(/.{4}/gu, '$&-')],
  ['letter by letter', (text) => text.split('').join(' ')],
  ['byte by byte', (text) => [...Buffer.from(text)].join(' ')],
];

function escaped(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function fullWidth(unit: string): string {
  return String.fromCharCode(unit.charCodeAt(0) + 0xfee0);
}

/** A value whole, and cut in different places. */
function cuts(text: string): readonly string[] {
  const middle = Math.floor(text.length / 2);
  return [text, text.slice(0, 9), text.slice(-9), text.slice(middle - 4, middle + 5), `x${text}x`];
}

/** What is left of a text for a trace id. */
const asTrace = (text: string): string => text.replace(/[^\w-]+/g, '').slice(0, 64);

/** Runs of seven letters or digits of what must not be seen, however it is written. */
function needles(value: string): readonly string[] {
  const bytes = Buffer.from(value);
  const forms = [value, bytes.toString('base64url'), bytes.toString('hex')];
  return forms.flatMap((form) => {
    const text = form.toLowerCase().replace(/[^a-z0-9]/g, '');
    return Array.from({ length: Math.max(1, text.length - 6) }, (_, at) => text.slice(at, at + 7));
  });
}

function shows(reason: string, value: string): readonly string[] {
  const plain = reason.toLowerCase().replace(/[^a-z0-9]/g, '');
  return needles(value).filter((needle) => plain.includes(needle));
}

describe.each([
  ['hex', tokens, { token: [...tokens] }],
  ['cube', keys, { apiKey: [...keys] }],
] as const)(
  '%s: what it says of a failure shows nothing that is private of the call',
  (kind, secrets, config) => {
    const privates = [...secrets, ...Object.values(values)];
    const open = async (): Promise<(body: string, status: number) => Promise<string>> => {
      const fake = await openProvider();
      const { provider, embed } = readOne(kind, {
        provider: { ...config, baseUrl: fake.origin },
        embed: { attributes: { orgId: 'tenant' } },
      });
      const bound = createProvider(provider, (to) => createSend({ ...to, observe: () => undefined }));
      onTestFinished(() => bound.close());
      const { prepare } = bound.bind(embed);
      const inputs = kind === 'hex' ? full.inputs : new Map<string, string>();
      return async (body, status) => {
        fake.answer({ status, body });
        return (await refusalOf(prepare({ ...full, inputs })(grant(false)))).parts.reason ?? '';
      };
    };

    test.each(spellings)('%s', async (_, spell) => {
      const ask = await open();
      for (const value of kind === 'hex' ? privates : privates.filter((one) => one !== values.input)) {
        for (const cut of cuts(value)) {
          const spelt = spell(cut);
          const body = { reason: `Not valid: ${spelt}`, details: spelt, traceId: asTrace(spelt) };
          const [json, text] = [await ask(JSON.stringify(body), 422), await ask(`Not valid: ${spelt}`, 400)];
          for (const reason of [json, text]) {
            expect(reason).toMatch(/^status 4\d\d:/);
            expect(shows(reason, value), `${spelt} in ${reason}`).toEqual([]);
          }
          expect(json, spelt).not.toContain(' trace ');
        }
      }
    });

    test.each([401, 403, 404, 418, 429, 500, 503])(
      'with status %i too, for each secret of a rotation',
      async (status) => {
        const ask = await open();
        for (const value of secrets) {
          for (const traceId of [value.slice(2, 12), `trace-${value}`].map(asTrace)) {
            const reason = await ask(JSON.stringify({ reason: 'Not valid', traceId }), status);
            expect(reason).toBe(`status ${status}: Not valid`);
          }
        }
      },
    );

    test('a trace id is kept where it is one', async () => {
      const ask = await open();
      for (const traceId of [randomUUID(), randomBytes(16).toString('hex'), 'req_01', '7']) {
        expect(await ask(JSON.stringify({ reason: 'Not valid', traceId }), 422)).toBe(
          `status 422: trace ${traceId}: Not valid`,
        );
      }
    });
  },
);

describe('what a frame would be opened with is private too', () => {
  const credential = 'Emu4Ibis7Kiwi2Rhea9';
  test.each([
    { url: `https://app.hex.tech/embed/signed?token=${credential}` },
    { url: `https://app.hex.tech/embed/${credential}` },
    { sessionId: credential },
    { token: credential },
    { details: `opened https://app.hex.tech/embed/signed#${credential} for you` },
  ])('%j', (fields) => {
    for (const traceId of [credential, credential.slice(0, 8), `x-${credential}`]) {
      const text = JSON.stringify({ reason: 'Not valid', ...fields, traceId });
      expect(said({ status: 400, text }, [])).not.toMatch(/trace|Emu4|Ibis7|Kiwi2/);
    }
  });
});

test('trace ids and prose are kept beside ordinary secrets and claims', () => {
  const hidden = [
    ...tokens,
    ...Object.values(values),
    'acme',
    'ada',
    randomBytes(32).toString('hex'),
    randomUUID(),
  ];
  const lost = Array.from({ length: 2000 }, () => randomUUID()).filter(
    (traceId) => !said({ status: 400, text: JSON.stringify({ traceId }) }, hidden).includes(traceId),
  );
  // a name as short as `ada` is in one of a hundred by chance
  expect(lost.length).toBeLessThan(60);
  const prose =
    'The project is not published for embedding, or the workspace has no access to it: ask support';
  expect(said({ status: 404, text: prose }, hidden)).toBe(
    'status 404: The project is not published for embedding or the workspace has no access to it ask support',
  );
});

test('an answer is looked at in little time, however much is private of the call', () => {
  const hidden = Array.from({ length: 400 }, () => randomBytes(24).toString('base64'));
  const text = JSON.stringify({ reason: 'lorem ipsum dolor sit amet '.repeat(80), traceId: randomUUID() });
  const startedAt = performance.now();
  for (let time = 0; time < 5; time += 1) said({ status: 500, text }, hidden);
  expect((performance.now() - startedAt) / 5).toBeLessThan(200);
});
