import { expect, test } from 'vitest';
import { hexProjects } from '../../src/sandbox/hex-projects.ts';
import { expiredHexToken, unscopedHexToken } from '../../src/sandbox/hex-tokens.ts';
import { attributesOf, openSandbox, presign, presignedUrl, problemOf } from './support.ts';

test('a good call answers a URL of the stand-in itself and nothing else', async () => {
  const sandbox = await openSandbox();
  const url = new URL(await presignedUrl(sandbox, { hexUserAttributes: attributesOf('acme') }));
  expect(url.origin).toBe(new URL(sandbox.hexBaseUrl).origin);
  expect(url.pathname).toMatch(/^\/embed\/[\w-]{43}$/);
});

test('no token, a foreign one and an expired one are 401, with a body that is not JSON', async () => {
  const sandbox = await openSandbox();
  const replies = [
    await presign(sandbox, {}, { headers: { authorization: undefined } }),
    await presign(sandbox, {}, { headers: { authorization: `Basic ${sandbox.hexToken}` } }),
    await presign(sandbox, {}, { token: `hxtw_${'0'.repeat(96)}` }),
    await presign(sandbox, {}, { token: expiredHexToken }),
  ];
  for (const reply of replies) {
    expect(reply.status).toBe(401);
    expect(reply.headers.get('content-type')).toContain('text/plain');
  }
});

test('a token without the embedding scope is 403 with a trace id', async () => {
  const reply = await presign(await openSandbox(), {}, { token: unscopedHexToken });
  expect(reply.status).toBe(403);
  expect((await problemOf(reply)).reason).toContain('Create embedded links');
});

test.each([undefined, 'text/plain', 'application/jsonp', 'application/x-www-form-urlencoded'])(
  'Content-Type %s is 424',
  async (contentType) => {
    const reply = await presign(await openSandbox(), {}, { headers: { 'content-type': contentType } });
    expect(reply.status).toBe(424);
  },
);

test('application/json with a charset is JSON', async () => {
  const headers = { 'content-type': 'application/json; charset=utf-8' };
  expect((await presign(await openSandbox(), {}, { headers })).status).toBe(200);
});

test('the body must be there and be JSON, and no field in it is required', async () => {
  const sandbox = await openSandbox();
  expect((await presign(sandbox, {}, { raw: '' })).status).toBe(424);
  expect((await presign(sandbox, {}, { raw: '{"scope":' })).status).toBe(400);
  expect((await presign(sandbox, {})).status).toBe(200);
});

test.each([
  ['a project id that is no UUID', 'sales', 400],
  ['an unknown project', '00000000-0000-4000-8000-000000000000', 404],
  ['an unpublished project', hexProjects.draft.id, 424],
  ['a project without signed embedding', hexProjects.internal.id, 403],
  ['a known project in capitals', hexProjects.sales.id.toUpperCase(), 200],
])('%s', async (_case, projectId, status) => {
  expect((await presign(await openSandbox(), {}, { projectId })).status).toBe(status);
});

test.each(
  [
    { hexUserAttributes: { regions: ['EU'] } },
    { hexUserAttributes: { orgId: 7 } },
    { hexUserAttributes: { orgId: null } },
    { hexUserAttributes: 'orgId' },
    { scope: 'EXPORT_CSV' },
    { scope: [1] },
    { inputParameters: ['EU'] },
    { expiresIn: 0 },
    { expiresIn: 300_001 },
    { expiresIn: '15000' },
    { displayOptions: { theme: 'blue' } },
    { displayOptions: { noEmbedFooter: 'yes' } },
    { testMode: 'true' },
    [],
    null,
    'text',
  ].map((body) => ({ body })),
)('a wrong type or value is 422: $body', async ({ body }) => {
  const reply = await presign(await openSandbox(), body);
  expect(reply.status).toBe(422);
  expect((await problemOf(reply)).details).not.toBe('');
});

test('unknown keys are ignored without a word, so a misspelt key passes', async () => {
  const body = { userAttributes: { orgId: 'acme' }, displayOptions: { noSuchOption: 1 }, surprise: [] };
  expect((await presign(await openSandbox(), body)).status).toBe(200);
});

test('the calls are there to be read, newest last, with what was decided', async () => {
  const sandbox = await openSandbox();
  const before = Date.now();
  await presign(sandbox, { scope: [] });
  await presign(sandbox, {}, { raw: 'no JSON', projectId: 'x' });
  expect(sandbox.hexCalls).toEqual([
    { at: expect.any(Number) as number, status: 200, projectId: hexProjects.sales.id, body: { scope: [] } },
    { at: expect.any(Number) as number, status: 400, projectId: 'x', body: undefined },
  ]);
  expect(sandbox.hexCalls[0]?.at).toBeGreaterThanOrEqual(before);
});
