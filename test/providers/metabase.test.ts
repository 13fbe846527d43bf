import fc from 'fast-check';
import { decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { describe, expect, test } from 'vitest';
import { Secret } from '../../src/config/secret.ts';
import type { EmbedUrl, MintOrder } from '../../src/gateway/embed.ts';
import { Refusal } from '../../src/gateway/refusal.ts';
import { createMetabaseProvider, createSign } from '../../src/providers/metabase.ts';
import { readOne, secrets, type Settings } from '../support/one-embed.ts';
import { grant, order } from './support.ts';
import { describeProvider } from './suite.ts';
import { listOf, number, plainText } from './values.ts';

const [first, second] = secrets.metabase;

/** Mints as the gateway would. */
async function mint(
  parts: Partial<MintOrder> = {},
  settings: { readonly provider?: Settings; readonly embed?: Settings } = {},
): Promise<EmbedUrl> {
  const embed = { locked: { orgId: 'tenant' }, ...settings.embed };
  const one = readOne('metabase', { ...settings, embed });
  return createMetabaseProvider(one.provider)
    .bind(one.embed)
    .prepare({ ...order, ...parts })(grant());
}

function tokenIn(url: string): string {
  return new URL(url).pathname.split('/').at(-1) ?? '';
}

test('the token is the one of the reference, byte for byte: the key’s characters are the key', async () => {
  const sign = createSign([new Secret('a1c0952f3ff361f1e7dd8433a0a50689a004317a198ecb0a67ba90c73c27a958')]);
  const token = await sign({ resource: { dashboard: 2 }, params: { id: 1 }, exp: 1_700_000_600 });
  expect(decodeProtectedHeader(token)).toEqual({ alg: 'HS256', typ: 'JWT' });
  expect(decodeJwt(token)).toEqual({ resource: { dashboard: 2 }, params: { id: 1 }, exp: 1_700_000_600 });
  expect(token).toBe(
    'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.' +
      'eyJyZXNvdXJjZSI6eyJkYXNoYm9hcmQiOjJ9LCJwYXJhbXMiOnsiaWQiOjF9LCJleHAiOjE3MDAwMDA2MDB9.' +
      'CYZPEFKpNCoMVb_uGn8ci1T7TxJWY5YJ1GRrpL4be38',
  );
});

describe('the token', () => {
  test.each([
    [{ dashboard: 12 }, { dashboard: 12 }],
    [{ dashboard: undefined, question: 7 }, { question: 7 }],
    [{ dashboard: 'Xa1_b2-C3d4E5f6G7h8i9' }, { dashboard: 'Xa1_b2-C3d4E5f6G7h8i9' }],
  ])('names what is shown and nothing more: %j', async (embed, resource) => {
    const { url } = await mint({}, { embed });
    expect(decodeJwt(tokenIn(url))).toEqual({
      resource,
      params: { orgId: 'acme' },
      exp: expect.any(Number) as number,
    });
    expect(url).toContain(`/embed/${Object.keys(resource).join()}/`);
  });

  test('is signed with the first of two secrets, whatever the second is', async () => {
    for (const [signs, other] of [
      [first, second],
      [second, first],
    ] as const) {
      const { url } = await mint({}, { provider: { secretKey: [signs, other] } });
      const key = (secret: string): Uint8Array => new TextEncoder().encode(secret);
      await expect(jwtVerify(tokenIn(url), key(signs))).resolves.toBeDefined();
      await expect(jwtVerify(tokenIn(url), key(other))).rejects.toThrow();
    }
  });

  test.each([
    [undefined, 600_000],
    ['10s', 10_000],
    ['1d', 86_400_000],
  ])('always expires, when the reply says: expiresIn %s', async (expiresIn, ms) => {
    const before = Math.floor((Date.now() + ms) / 1000);
    const { url, expiresAtMs, singleUse } = await mint(
      {},
      { embed: { ...(expiresIn !== undefined && { expiresIn }) } },
    );
    const after = Math.floor((Date.now() + ms) / 1000);
    const { exp = 0 } = decodeJwt(tokenIn(url));
    expect(exp).toBeGreaterThanOrEqual(before);
    expect(exp).toBeLessThanOrEqual(after);
    expect([expiresAtMs, singleUse]).toEqual([exp * 1000, false]);
  });
});

describe('the URL', () => {
  test.each([
    ['https://metabase.example.com', 'https://metabase.example.com/embed/dashboard/'],
    ['https://metabase.example.com/', 'https://metabase.example.com/embed/dashboard/'],
    ['https://example.com:8443/bi/', 'https://example.com:8443/bi/embed/dashboard/'],
    ['http://localhost:3000', 'http://localhost:3000/embed/dashboard/'],
  ])('stands below the site: %s', async (siteUrl, start) => {
    const { url } = await mint({}, { provider: { siteUrl } });
    expect(url).toBe(`${start}${tokenIn(url)}`);
  });

  test('is as long as was counted before it was signed, and never longer than Metabase takes', async () => {
    const value = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 4500 }), fc.integer(), fc.boolean());
    let [minted, refused] = [0, 0];
    await fc.assert(
      fc.asyncProperty(value, fc.string({ unit: 'grapheme', maxLength: 400 }), async (locked, input) => {
        const parts = { attributes: new Map([['orgId', locked]]), inputs: new Map([['city', input]]) };
        try {
          const { pathname, search } = new URL((await mint(parts)).url);
          expect(pathname.length + search.length).toBeLessThanOrEqual(6144);
          minted += 1;
        } catch (error) {
          expect(error).toBeInstanceOf(Refusal);
          const payload = { resource: { dashboard: 12 }, params: { orgId: locked }, exp: 1_700_000_600 };
          const token = await createSign([new Secret(first)])(payload);
          const query = `?city=${encodeURIComponent(input)}`;
          expect(`/embed/dashboard/${token}${query}`.length).toBeGreaterThan(6144);
          refused += 1;
        }
      }),
      {
        numRuns: 200,
        examples: [
          ['a'.repeat(4000), ''],
          ['é'.repeat(4400), ''],
          ['a'.repeat(3900), 'b'.repeat(900)],
        ],
      },
    );
    expect([minted > 0, refused > 0]).toEqual([true, true]);
  });
});

test('a URL whose looks make it longer than 8192 characters is not given', async () => {
  const hideParameters = Array.from({ length: 60 }, (_, index) => `p${index}`.padEnd(60, 'x'));
  const urlOf = async (count: number, locked: string): Promise<string> => {
    const appearance = { hideParameters: hideParameters.slice(0, count) };
    return (await mint({ attributes: new Map([['orgId', locked]]) }, { embed: { appearance } })).url;
  };
  expect((await urlOf(30, 'a'.repeat(4000))).length).toBeGreaterThan(7000);
  await expect(urlOf(60, 'a'.repeat(4000))).rejects.toMatchObject({
    code: 'provider_unavailable',
    parts: { reason: 'the URL is over 8192 characters' },
  });
});

describeProvider({
  kind: 'metabase',
  keys: { address: 'siteUrl', secret: 'secretKey' },
  attributes: 'locked',
  isItsUrl: (text, origin) => text.startsWith(`${origin}/embed/dashboard/`),
  told: (_calls, text) => decodeJwt(tokenIn(text)).params,
  takes: fc.oneof(plainText, number, fc.boolean(), listOf(fc.oneof(plainText, number, fc.boolean()))),
});
