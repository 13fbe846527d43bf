import { SignJWT, UnsecuredJWT } from 'jose';
import { expect, test } from 'vitest';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { openSandbox, rowsIn } from './support.ts';

const nowSeconds = (): number => Math.floor(Date.now() / 1000);
const everything = { tenant: ['acme'], regions: ['EU', 'US'] };

interface Signed {
  readonly resource?: unknown;
  readonly params?: unknown;
  readonly exp?: number;
  readonly iat?: number;
}

/** A token for the churn dashboard; undefined leaves a part out. */
async function tokenFor(sandbox: Sandbox, signed: Signed = {}, key?: Uint8Array): Promise<string> {
  const payload = { resource: { dashboard: 8 }, params: everything, exp: nowSeconds() + 60, ...signed };
  return new SignJWT(payload)
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .sign(key ?? new TextEncoder().encode(sandbox.metabaseSecretKey));
}

/** The page of a token, which answers 200 whatever the token is worth. */
async function pageOf(
  { metabaseSiteUrl }: Sandbox,
  token: string,
  query = '',
  type = 'dashboard',
): Promise<string> {
  const reply = await fetch(`${metabaseSiteUrl}/embed/${type}/${token}${query}`);
  expect(reply.status).toBe(200);
  return (await reply.text()).replaceAll('&#39;', "'");
}

async function pageFor(sandbox: Sandbox, signed: Signed, query = ''): Promise<string> {
  return pageOf(sandbox, await tokenFor(sandbox, signed), query);
}

function noticeIn(page: string): string | undefined {
  expect(rowsIn(page)).toBe(0);
  return /data-testid="notice">.*<p>(.*?)<\/p>/s.exec(page)?.[1];
}

test('a page holds the rows of the locked tenant and not one value of another, as often as it is opened', async () => {
  const sandbox = await openSandbox();
  const token = await tokenFor(sandbox);
  for (const page of [await pageOf(sandbox, token), await pageOf(sandbox, token)]) {
    expect(rowsIn(page)).toBe(5);
    expect(page).toContain('data-testid="org">acme<');
    expect(page).not.toMatch(/globex|Nova Kurier/);
  }
  const bare = await pageFor(sandbox, { params: { tenant: 'globex', regions: 'EU' } });
  expect([rowsIn(bare), bare.includes('acme')]).toEqual([2, false]);
});

test('the secret is text: the bytes that it would be in hexadecimal are another key', async () => {
  const sandbox = await openSandbox();
  const key = Buffer.from(sandbox.metabaseSecretKey, 'hex');
  expect(key).toHaveLength(32);
  const page = await pageOf(sandbox, await tokenFor(sandbox, {}, key));
  expect(noticeIn(page)).toBe('Message seems corrupt or manipulated');
});

test('a token that was changed, is no token or has no signature is corrupt', async () => {
  const sandbox = await openSandbox();
  const [head = '', body = '', signature = ''] = (await tokenFor(sandbox)).split('.');
  const unsigned = new UnsecuredJWT({ resource: { dashboard: 8 }, params: everything }).encode();
  for (const token of [`${head}.${body}A.${signature}`, 'x', unsigned]) {
    expect(noticeIn(await pageOf(sandbox, token))).toBe('Message seems corrupt or manipulated');
  }
});

test('exp is heeded with a minute’s leeway, and a token without it never dies', async () => {
  const sandbox = await openSandbox();
  const exp = nowSeconds() - 70;
  expect(noticeIn(await pageFor(sandbox, { exp }))).toBe(`Token is expired (${exp})`);
  expect(rowsIn(await pageFor(sandbox, { exp: nowSeconds() - 30 }))).toBe(5);
  const token = await new SignJWT({ resource: { dashboard: 8 }, params: everything })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(sandbox.metabaseSecretKey));
  expect(rowsIn(await pageOf(sandbox, token))).toBe(5);
});

test('a token that was issued in the future is refused', async () => {
  const page = await pageFor(await openSandbox(), { iat: nowSeconds() + 600 });
  expect(noticeIn(page)).toContain('Token is not valid yet');
});

test.each([
  ['a number as text', { dashboard: '8' }, 'Token is missing value for keypath [:resource :dashboard]'],
  ['a question', { question: 8 }, 'Token is missing value for keypath [:resource :dashboard]'],
  ['nothing', undefined, 'Token is missing value for keypath [:resource :dashboard]'],
  ['a dashboard that there is not', { dashboard: 7 }, 'Not found.'],
  ['one that must not be embedded', { dashboard: 9 }, 'Embedding is not enabled for this object.'],
])('a resource that is %s shows nothing', async (_case, resource, said) => {
  expect(noticeIn(await pageFor(await openSandbox(), { resource }))).toBe(said);
});

test('a dashboard is known by its entity id too', async () => {
  const resource = { dashboard: 'ch-Urn_0verview-2026x' };
  expect(rowsIn(await pageFor(await openSandbox(), { resource }))).toBe(5);
});

test('a question is shown at its own address, by number or entity id, and is no dashboard of the same number', async () => {
  const sandbox = await openSandbox();
  const asking = async (question: number | string, query = ''): Promise<string> =>
    pageOf(sandbox, await tokenFor(sandbox, { resource: { question } }), query, 'question');
  for (const question of [9, 'ch-Urn_q4estion-2026x']) {
    const page = await asking(question);
    expect(rowsIn(page)).toBe(5);
    expect(page).toContain('>Who left?</h1>');
    expect(page).not.toMatch(/globex|Nova Kurier/);
  }
  expect(noticeIn(await asking(8))).toBe('Not found.');
  expect(noticeIn(await asking(9, '?reason=Price'))).toBe('Unknown parameter :reason.');
  const none = { tenant: '', regions: ['EU'] };
  const unfiltered = await tokenFor(sandbox, { resource: { question: 9 }, params: none });
  expect(noticeIn(await pageOf(sandbox, unfiltered, '', 'question'))).toBe(missing);
});

test('a token for a dashboard opens no question, and one for a question no dashboard', async () => {
  const sandbox = await openSandbox();
  const dashboard = await tokenFor(sandbox);
  const question = await tokenFor(sandbox, { resource: { question: 9 } });
  expect(noticeIn(await pageOf(sandbox, dashboard, '', 'question'))).toBe(
    'Token is missing value for keypath [:resource :question]',
  );
  expect(noticeIn(await pageOf(sandbox, question))).toBe(
    'Token is missing value for keypath [:resource :dashboard]',
  );
});

const missing = 'You must specify a value for :tenant in the JWT.';
test.each([
  ['none at all', undefined, '', 'Token is missing value for keypath [:params]'],
  ['no locked one', {}, '', missing],
  ['a locked one that is null', { ...everything, tenant: null }, '', missing],
  ['a locked one that is empty text', { ...everything, tenant: '' }, '', missing],
  [
    'a locked one in the query',
    everything,
    '?tenant=globex',
    'You can only specify a value for :tenant in the JWT.',
  ],
  ['an unknown one', { ...everything, orgId: 'acme' }, '', 'Unknown parameter :orgId.'],
  ['an unknown one in the query', everything, '?orgId=acme', 'Unknown parameter :orgId.'],
  [
    'an editable one in both places',
    { ...everything, reason: 'Price' },
    '?reason=Competitor',
    "You can't specify a value for :reason if it's already set in the JWT.",
  ],
  ['a disabled one', everything, '?account=x', "You're not allowed to specify a value for :account."],
])('parameters with %s show nothing', async (_case, params, query, said) => {
  expect(noticeIn(await pageFor(await openSandbox(), { params }, query))).toBe(said);
});

test('an empty list is accepted and switches the filter off: every tenant’s rows are there', async () => {
  const page = await pageFor(await openSandbox(), { params: { ...everything, tenant: [] } });
  expect(rowsIn(page)).toBe(9);
  expect(page).toContain('data-testid="org">acme, globex<');
});

test.each([
  ['?reason=Price', 2],
  ['?reason=Price&reason=Competitor', 4],
  ['?reason=', 5],
  ['?reason=%3Cscript%3E', 0],
])('readers narrow by an editable parameter: %s', async (query, rows) => {
  expect(rowsIn(await pageFor(await openSandbox(), {}, query))).toBe(rows);
});

test('what was signed reaches the page escaped', async () => {
  const page = await pageFor(await openSandbox(), {
    params: { ...everything, '<script>alert(1)</script>': 1 },
  });
  expect(page).toContain('Unknown parameter :&lt;script&gt;');
  expect(page).not.toContain('<script>alert');
});

test('a request head above 8 kB is refused', async () => {
  const { metabaseSiteUrl } = await openSandbox();
  expect((await fetch(`${metabaseSiteUrl}/embed/dashboard/${'x'.repeat(6000)}`)).status).toBe(200);
  expect((await fetch(`${metabaseSiteUrl}/embed/dashboard/${'x'.repeat(9000)}`)).status).toBe(431);
});
