import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EmbedUrl, MintOrder } from '../../src/gateway/embed.ts';
import { compileExpression } from '../../src/config/expressions.ts';
import { externalIdOf } from '../../src/providers/cube-external-id.ts';
import { createCubeProvider } from '../../src/providers/cube.ts';
import type { Provider } from '../../src/providers/provider.ts';
import { cubeBodySchema } from '../support/cube-body.ts';
import type { Call, FakeProvider } from '../support/fake-provider.ts';
import { readOne, secrets, type Settings } from '../support/one-embed.ts';
import { grant, openProvider, openSend, order, refusalOf, session } from './support.ts';
import { describeProvider } from './suite.ts';
import { listOf, number, plainText } from './values.ts';

const good = { status: 200, body: '{"sessionId":"s_0f3a"}' };

interface Cube {
  mint(parts?: Partial<MintOrder>, leave?: ReturnType<typeof grant>): Promise<EmbedUrl>;
}

function openCube(
  baseUrl: string,
  settings: { readonly provider?: Settings; readonly embed?: Settings } = {},
): Cube {
  const { provider, embed } = readOne('cube', {
    provider: { baseUrl, ...settings.provider },
    embed: { attributes: { orgId: 'tenant' }, ...settings.embed },
  });
  const send = openSend(provider.baseUrl.origin, provider.timeout);
  const bound = createCubeProvider(provider, () => send.raw).bind(embed);
  return { mint: async (parts = {}, leave = grant()) => bound.prepare({ ...order, ...parts })(leave) };
}

describe('the request', () => {
  test('is the documented one: path, headers and body to the letter', async () => {
    const fake = await openProvider();
    fake.answer(good);
    const attributes = new Map<string, string | number>([
      ['city', 'São "Paulo"'],
      ['floor', 3],
    ]);
    await openCube(fake.origin, { embed: { settings: { allowAi: false } } }).mint({ attributes });
    const [call] = fake.calls;
    expect(call).toMatchObject({ method: 'POST', path: '/api/v1/embed/generate-session' });
    expect(call?.headers).toEqual({
      host: new URL(fake.origin).host,
      connection: 'keep-alive',
      authorization: `Api-Key ${secrets.cube[0]}`,
      'content-type': 'application/json',
      accept: 'application/json',
      'content-length': String(Buffer.byteLength(call?.body ?? '')),
    });
    expect(cubeBodySchema.parse(JSON.parse(call?.body ?? ''))).toEqual({
      deploymentId: 32,
      externalId: 'acme:ada',
      groups: [],
      userAttributes: [
        { name: 'city', value: 'São "Paulo"' },
        { name: 'floor', value: 3 },
      ],
      creatorMode: false,
      settings: { allowAi: false },
    });
  });

  test('goes below the base URL, with or without a final slash', async () => {
    const fake = await openProvider();
    fake.answer(good);
    for (const end of ['', '/']) {
      const { url } = await openCube(`${fake.origin}/analytics${end}`).mint();
      expect(url).toBe(`${fake.origin}/analytics/embed/dashboard/pub_7f3a?session=s_0f3a`);
    }
    expect(fake.calls.map(({ path }) => path)).toEqual(
      Array(2).fill('/analytics/api/v1/embed/generate-session'),
    );
  });
});

describe('the frame', () => {
  const creator = { creatorMode: true, embedTenant: '"acme-corp"' };
  const demo = {
    frames: { dashboard: '/embed/d/{deploymentId}/dashboard/{publicId}?session={sessionId}&x=1' },
  };

  test.each<[string, Settings, Settings, string]>([
    ['a dashboard', {}, {}, '/embed/dashboard/pub_7f3a?session=s_0f3a'],
    ['the chat', {}, { dashboard: undefined, chat: true }, '/embed/chat?sessionId=s_0f3a'],
    ['the app', {}, { dashboard: undefined, app: true, ...creator }, '/embed/d/32/app?session=s_0f3a'],
    ['a dashboard elsewhere', demo, {}, '/embed/d/32/dashboard/pub_7f3a?session=s_0f3a&x=1'],
    [
      'the chat elsewhere',
      { frames: { chat: '/embed/d/{deploymentId}/chat?session={sessionId}' } },
      { dashboard: undefined, chat: true },
      '/embed/d/32/chat?session=s_0f3a',
    ],
  ])('of %s', async (_case, provider, embed, path) => {
    const fake = await openProvider();
    fake.answer(good);
    const { url } = await openCube(fake.origin, { provider, embed }).mint();
    expect(url).toBe(fake.origin + path);
  });

  test('may be opened once, within five minutes, and says what a sign-out can end', async () => {
    const fake = await openProvider();
    fake.answer(good);
    const before = Date.now();
    const minted = await openCube(fake.origin).mint();
    expect(minted).toMatchObject({ singleUse: true, revocable: { id: 's_0f3a' } });
    expect(minted.expiresAtMs).toBeGreaterThanOrEqual(before + 300_000);
    expect(minted.expiresAtMs).toBeLessThanOrEqual(Date.now() + 300_000);
  });

  test.each([
    ['a UUID', '4bf92f35-77b3-4da6-a3ce-929d0e0e4736', 200],
    ['a JWT', 'eyJhbGciOiJIUzI1NiJ9.e30.ZRrHA1JJJW8opsbCGfG_HACGpVUMN_a9IV7pAx_Zmeo', 201],
    ['base64', 'ab+/cd==', 200],
  ])('takes %s as a session, encoded for a query', async (_case, sessionId, status) => {
    const fake = await openProvider();
    fake.answer({ status, body: JSON.stringify({ sessionId, more: 1 }) });
    const { searchParams } = new URL((await openCube(fake.origin).mint()).url);
    expect([...searchParams]).toEqual([['session', sessionId]]);
  });

  test.each<unknown>([
    undefined,
    null,
    '',
    7,
    ['s_1'],
    { id: 's_1' },
    's 1',
    's_1&allowExport=true',
    's_1#x',
    's_1?x',
    '../app',
    '<script>',
    's_1\n',
    'ß',
    '%2e',
    's'.repeat(1025),
  ])('takes no session that is %j', async (sessionId) => {
    const fake = await openProvider();
    fake.answer({ status: 200, body: JSON.stringify({ sessionId }) });
    const leave = grant();
    const refusal = await refusalOf(openCube(fake.origin).mint({}, leave));
    expect(refusal).toMatchObject({
      code: 'provider_unavailable',
      parts: { reason: 'status 200 without a usable session' },
    });
    expect([fake.calls.length, leave.asked]).toEqual([1, 0]);
  });
});

test('a frame whose URL would be over 8192 characters is not given', async () => {
  const fake = await openProvider();
  const sessionId = '/'.repeat(1000);
  fake.answer({ status: 200, body: JSON.stringify({ sessionId: `s${sessionId}` }) });
  const length = fake.origin.length + '/?session=s'.length + 3000 + '&publicId=pub_7f3a'.length;
  const urlOf = async (characters: number): Promise<string> => {
    const filling = 'x'.repeat(characters - length);
    const frames = { dashboard: `/${filling}?session={sessionId}&publicId={publicId}` };
    return (await openCube(fake.origin, { provider: { frames } }).mint()).url;
  };
  expect(await urlOf(8192)).toHaveLength(8192);
  expect(await refusalOf(urlOf(8193))).toMatchObject({
    code: 'provider_unavailable',
    parts: { reason: 'the URL is over 8192 characters' },
  });
});

test('the second of two keys is tried when the first is answered 401, and kept', async () => {
  const fake = await openProvider();
  fake.answer({ status: 401, body: 'Unauthorized' }, good);
  const cube = openCube(fake.origin, { provider: { apiKey: [...secrets.cube] } });
  await cube.mint();
  await cube.mint();
  const sent = ({ headers }: Call): number =>
    secrets.cube.findIndex((key) => headers.authorization === `Api-Key ${key}`);
  expect(fake.calls.map(sent)).toEqual([0, 1, 1]);
  fake.answer({ status: 403 }, good);
  expect((await refusalOf(cube.mint())).code).toBe('provider_misconfigured');
});

test('what Cube says of a failure is logged without who the reader is and what is filtered by', async () => {
  const fake = await openProvider();
  const attributes = new Map([['city', ['Winterthur', 'Genève', 'EU']]]);
  const embed = {
    externalId: 'claims.permissions[0]',
    groups: '["emea-managers"]',
    securityContext: { plan: '"platinum"' },
    email: '"ada@lovelace.example"',
    displayName: '"Augusta King"',
  };
  const repeated =
    'export emea-managers platinum ada@lovelace.example Augusta King Winterthur Genève EU pub_7f3a';
  fake.answer({ status: 400, body: `User attributes not found: ${repeated} ${secrets.cube[0]}` });
  const { reason } = (await refusalOf(openCube(fake.origin, { embed }).mint({ attributes }))).parts;
  expect(reason).toBe('status 400: User attributes not found …');
});

describe('ending a session', () => {
  const { provider, embed } = readOne('cube', { embed: { attributes: { orgId: 'tenant' } } });
  const open = async (): Promise<{ readonly fake: FakeProvider; readonly cube: Provider }> => {
    const fake = await openProvider();
    const cube = createCubeProvider(
      { ...provider, baseUrl: new URL(fake.origin) },
      (to) => openSend(to.origin).raw,
    );
    return { fake, cube };
  };

  test.each([200, 204, 404])('is done when Cube answers %i', async (status) => {
    const { fake, cube } = await open();
    fake.answer({ status });
    await cube.end?.('s_1');
    expect(fake.calls).toMatchObject([{ path: '/api/v1/embed/session/revoke', body: '{"sessionId":"s_1"}' }]);
  });

  test('that Cube does not answer is no second call, and closes the way for no frame', async () => {
    const { fake, cube } = await open();
    fake.answer({ status: 503 });
    for (let attempt = 0; attempt < 20; attempt += 1) await refusalOf(Promise.resolve(cube.end?.('s_1')));
    expect(fake.calls).toHaveLength(5);
    fake.answer(good);
    expect(cube.isReachable()).toBe(true);
    const { url } = await cube.bind(embed).prepare(order)(grant());
    expect(url).toContain('s_0f3a');
  });
});

describe('the externalId', () => {
  const part = fc.oneof(
    fc.string({
      unit: fc.constantFrom('a', 'A', 'b', ':', ' ', 'ß', 'ẞ', 'İ', 'i', '~', '0'),
      minLength: 1,
      maxLength: 4,
    }),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }),
  );
  const person = fc.record({ tenant: part, user: part });
  const idOf = (who: { readonly tenant: string; readonly user: string }, text?: string): string | undefined =>
    externalIdOf(text === undefined ? undefined : compileExpression(text, ['tenant', 'user']), {
      ...session,
      ...who,
    });

  test('is as Cube wants it, and two people never share one', () => {
    const seen = new Map<string, string>();
    fc.assert(
      fc.property(person, (who) => {
        const id = idOf(who);
        if (id === undefined) return;
        expect(id).toBe(id.trim().toLowerCase());
        expect(seen.get(id) ?? JSON.stringify(who)).toBe(JSON.stringify(who));
        seen.set(id, JSON.stringify(who));
      }),
      { numRuns: 20_000 },
    );
    expect(seen.size).toBeGreaterThan(2000);
  });

  test('that an expression gives is never another text’s', () => {
    const seen = new Map<string, string>();
    fc.assert(
      fc.property(part, (user) => {
        const id = idOf({ tenant: 'acme', user }, 'user');
        if (id === undefined) return;
        expect(seen.get(id) ?? user).toBe(user);
        seen.set(id, user);
        // whoever names themselves after another's id does not become them
        expect(idOf({ tenant: 'acme', user: id }, 'user') === id).toBe(user === id);
      }),
      { numRuns: 5000 },
    );
    expect(seen.size).toBeGreaterThan(1000);
  });
});

describeProvider({
  kind: 'cube',
  keys: { address: 'baseUrl', secret: 'apiKey' },
  attributes: 'attributes',
  good,
  isItsUrl: (text, origin) => text.startsWith(`${origin}/embed/dashboard/pub_7f3a?session=`),
  told: ([call]) => {
    const { userAttributes } = cubeBodySchema.parse(JSON.parse(call?.body ?? '{}'));
    return Object.fromEntries(userAttributes.map(({ name, value }) => [name, value]));
  },
  takes: fc.oneof(plainText, number, listOf(plainText), listOf(number)),
});
