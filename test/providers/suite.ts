import fc from 'fast-check';
import { inspect } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Claims, Value } from '../../src/config/expressions.ts';
import type { Kind } from '../../src/config/products.ts';
import type { Embed, EmbedUrl } from '../../src/gateway/embed.ts';
import { mapAttributes } from '../../src/gateway/map.ts';
import { Refusal } from '../../src/gateway/refusal.ts';
import { createProvider } from '../../src/providers/create.ts';
import { bindEmbed } from '../../src/providers/provider.ts';
import { createSend } from '../../src/providers/send.ts';
import type { Answer, Call, FakeProvider } from '../support/fake-provider.ts';
import { readOne, secrets, type Settings } from '../support/one-embed.ts';
import { grant, openProvider, refusalOf, session } from './support.ts';

/** What the suite has to know of a product. */
export interface Subject {
  readonly kind: Kind;
  /** The keys of its provider that hold its address and its secrets. */
  readonly keys: { readonly address: string; readonly secret: string };
  /** The key of its embeds that holds attributes. */
  readonly attributes: string;
  /** What it answers when all is well; left out for one that signs by itself and is never called. */
  readonly good?: Exclude<Answer, string>;
  /** Whether a URL leads to the provider at an origin: all that a mint may give. */
  readonly isItsUrl: (url: string, origin: string) => boolean;
  /** What it was told to filter by: in its calls, or in the URL. */
  readonly told: (calls: readonly Call[], url: string) => unknown;
  /** Values that it can filter by. */
  readonly takes: fc.Arbitrary<Value>;
}

/** Nothing that says nothing may become a filter, whatever the product. */
const saysNothing: readonly Value[] = [null, '', ' ', '\t\n', '\u00a0', [], [''], ['EU', ' '], [null], [[]]];

/** Answers without a usable URL, and what each is refused with. */
const failures: readonly (readonly [Answer, string])[] = [
  ...[400, 401, 403, 404, 422, 424].map((status) => [{ status }, 'provider_misconfigured'] as const),
  [{ status: 429, headers: { 'retry-after': '7' } }, 'provider_busy'],
  ...[204, 302, 402, 405, 409, 418, 500, 502, 503, 504, 599].map(
    (status) => [{ status }, 'provider_unavailable'] as const,
  ),
  ...['', '{', '[]', 'null', '{}', '"x"', 'x'.repeat(70_000)].map(
    (body) => [{ status: 200, body }, 'provider_unavailable'] as const,
  ),
  [{ status: 200, body: Buffer.from([0x7b, 0xff, 0x7d]) }, 'provider_unavailable'],
  ['reset', 'provider_unavailable'],
  ['reset in the body', 'provider_unavailable'],
  ['noise', 'provider_unavailable'],
  ['hang', 'provider_timeout'],
  ['hang in the body', 'provider_timeout'],
];

const echoes: readonly Answer[] = [200, 400, 401, 403, 404, 409, 422, 429, 500, 503].flatMap((status) => [
  { status, echo: 'text' as const },
  { status, echo: 'json' as const },
]);

/** What every provider promises, held to a real HTTP server in the product's place. */
export function describeProvider(subject: Subject): void {
  const { kind, good, told, takes, isItsUrl } = subject;

  describe(`what every provider promises, kept by ${kind}`, () => {
    test('every attribute is told, with its value, on every mint', async () => {
      const { fake, mint } = await open(subject, ['a', 'b', 'c']);
      if (good) fake.answer(good);
      await fc.assert(
        fc.asyncProperty(fc.record({ a: takes, b: takes, c: takes }), async (claims) => {
          const before = fake.calls.length;
          const { url } = await mint(claims);
          expect(told(fake.calls.slice(before), url)).toEqual(claims);
          expect(fake.calls.length - before).toBe(good ? 1 : 0);
        }),
        { numRuns: 50 },
      );
    });

    test.each(saysNothing.map((value) => [value]))(
      'an attribute that is %j refuses the request, and nothing is sent',
      async (value) => {
        const { fake, mint } = await open(subject, ['a', 'b']);
        for (const claims of [{ a: 'EU', b: value }, { a: value, b: 'EU' }, { a: 'EU' }]) {
          expect((await refusalOf(mint(claims))).code).toBe('attribute_missing');
        }
        expect(fake.calls).toEqual([]);
      },
    );

    test.each(failures)('%j is refused with %s, and by nothing else', async (answer, code) => {
      const { fake, mint } = await open(subject, ['a']);
      fake.answer(answer);
      const outcome = await mint({ a: 'EU' }).catch((error: unknown) => error);
      if (good) expect(outcome).toMatchObject({ name: 'Refusal', code });
      else expect([outcome, fake.calls]).toMatchObject([{ url: expect.any(String) as string }, []]);
    });

    test('one deadline holds, however slowly it answers', async () => {
      const { fake, mint } = await open(subject, ['a'], { timeoutMs: 400 });
      for (const answer of ['hang', 'hang in the body', { status: 503, delayMs: 300 }] as const) {
        fake.answer(answer);
        const startedAt = performance.now();
        await mint({ a: 'EU' }).catch((error: unknown) => {
          expect(error).toBeInstanceOf(Refusal);
        });
        expect(performance.now() - startedAt).toBeLessThan(2400);
      }
    });

    test('whatever it answers, a mint gives a URL of its own or a refusal', async () => {
      const { fake, mint } = await open(subject, ['a']);
      const { origin } = fake;
      const text = fc.oneof(
        fc.json(),
        fc.string({ unit: 'binary' }),
        fc.webUrl(),
        fc.constant(`${origin}.evil`),
      );
      const body = fc.oneof(
        fc.uint8Array({ maxLength: 300 }),
        fc.json(),
        fc.record({ url: text, sessionId: text }).map((fields) => JSON.stringify(fields)),
      );
      const status = fc.constantFrom(200, 200, 200, 201, 302, 400, 401, 429, 500);
      const header = fc.stringMatching(/^[ -~]{0,40}$/);
      const headers = fc.record({ 'retry-after': header, ratelimit: header, 'content-type': header });
      await fc.assert(
        fc.asyncProperty(fc.record({ status, headers, body }), async (answer) => {
          fake.answer(answer);
          const outcome = await mint({ a: 'EU' }).catch((error: unknown) => error);
          if (outcome instanceof Refusal) expect(outcome.code).toMatch(/^provider_/);
          else expect(isItsUrl((outcome as EmbedUrl).url, origin)).toBe(true);
        }),
        { numRuns: 150 },
      );
      if (good) fake.answer(good);
      expect(isItsUrl((await mint({ a: 'EU' })).url, origin)).toBe(true);
    });

    test('its secrets are in nothing that comes out, nor are attributes in what is logged', async () => {
      const { fake, mint, written } = await open(subject, ['a']);
      const marker = 'Kappadokien-4711';
      const logged: string[] = [];
      let refusals = 0;
      for (const answer of [...echoes, ...failures.map(([failure]) => failure), ...(good ? [good] : [])]) {
        fake.answer(answer);
        const outcome = await mint({ a: marker }).catch((error: unknown) => error);
        written.push(inspect(outcome, { depth: 9, showHidden: true }), JSON.stringify(outcome));
        if (!(outcome instanceof Refusal)) continue;
        refusals += 1;
        logged.push(JSON.stringify(outcome.parts), String(outcome.stack));
        // so that the circuit stays closed
        if (good) fake.answer(good);
        await mint({ a: 'EU' });
      }
      expect(refusals).toBe(good ? echoes.length + failures.length : 0);
      const everything = [...written, ...logged].join('\n');
      for (const secret of secrets[kind]) {
        for (const form of [secret, Buffer.from(secret).toString('base64url').slice(0, -2)]) {
          expect(everything).not.toContain(form);
        }
      }
      for (const part of marker.split('-')) expect(logged.join('\n')).not.toContain(part);
    });
  });
}

interface Opened {
  readonly fake: FakeProvider;
  /** Maps claims to attributes of the same names, and mints. */
  readonly mint: (claims: Readonly<Record<string, Value>>) => Promise<EmbedUrl>;
  /** What else came out: outcomes of calls. */
  readonly written: string[];
}

async function open(
  subject: Subject,
  names: readonly string[],
  { timeoutMs = 1500 }: { readonly timeoutMs?: number } = {},
): Promise<Opened> {
  const fake = await openProvider();
  const written: string[] = [];
  const { provider, embed } = configured(subject, fake.origin, names, timeoutMs);
  const bound = createProvider(provider, (to) =>
    createSend({ ...to, observe: (outcome) => written.push(outcome) }),
  );
  onTestFinished(() => bound.close());
  const embedded: Embed = bindEmbed('sales', embed, bound);
  return {
    fake,
    written,
    mint: async (claims) => {
      const of = { ...session, claims: new Map(Object.entries(claims)) satisfies Claims };
      const attributes = mapAttributes(embedded, of);
      return embedded.prepare({ session: of, attributes, inputs: new Map() })(grant(false));
    },
  };
}

function configured(
  { kind, keys, attributes, good }: Subject,
  origin: string,
  names: readonly string[],
  timeoutMs: number,
): ReturnType<typeof readOne<Kind>> {
  const provider: Settings = {
    [keys.address]: origin,
    [keys.secret]: [...secrets[kind]],
    ...(good && { timeout: `${timeoutMs}ms` }),
  };
  const mapped = Object.fromEntries(names.map((name) => [name, `claims.${name}`]));
  return readOne(kind, { provider, embed: { [attributes]: mapped } });
}
