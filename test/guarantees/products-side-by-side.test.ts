import { SignJWT } from 'jose';
import { describe, expect, it, onTestFinished } from 'vitest';
import { stringify } from 'yaml';
import { startFakeProvider, type FakeProvider } from '../support/fake-provider.ts';
import { getEmbedUrl, problemIn, startGateway, type RunningGateway } from '../support/gateway.ts';
import { hexProject, secrets, type Settings } from '../support/one-embed.ts';

const issuer = 'https://login.example.com/';
const sessionKey = 'Zc4-kT9!vQ2_mW7+xB5=rN8.hJ3,pL6;';
const metabaseUrl = 'https://metabase.example.com';
const hexUrl = 'https://app.hex.tech/embed/signed';
const claims = { org_id: 'acme', regions: ['EU'], city: 'Bern' };

/** A believed session of a person of one tenant. */
async function tokenOf(person: string): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer(issuer)
    .setAudience('analytics')
    .setSubject(person)
    .setIssuedAt()
    .setExpirationTime('5m')
    .sign(new TextEncoder().encode(sessionKey));
}

async function serve(
  providers: Readonly<Record<string, Settings>>,
  embeds: Readonly<Record<string, Settings>>,
): Promise<RunningGateway> {
  const many = [{ max: 10_000, per: '1m' }];
  const config = {
    listen: { port: 0 },
    operations: { port: 0 },
    sessions: [{ issuer, audience: 'analytics', keys: { secret: sessionKey }, tenant: 'claims.org_id' }],
    limits: { client: many[0], user: many, tenant: [{ allow: many }] },
    providers,
    embeds,
  };
  return startGateway(stringify(config));
}

async function openFake(): Promise<FakeProvider> {
  const fake = await startFakeProvider();
  onTestFinished(() => fake.stop());
  return fake;
}

async function open(gateway: RunningGateway, embed: string, person = 'ada'): Promise<Response> {
  return getEmbedUrl(gateway, await tokenOf(person), `embed=${embed}`);
}

const good = {
  hex: { status: 200, body: JSON.stringify({ url: hexUrl }) },
  cube: { status: 200, body: JSON.stringify({ sessionId: 's_1' }) },
} as const;

const hexAt = (origin: string, settings: Settings = {}): Settings => ({
  kind: 'hex',
  baseUrl: `${origin}/api/v1`,
  token: secrets.hex[0],
  urlHosts: ['app.hex.tech'],
  ...settings,
});
const cubeAt = (origin: string, settings: Settings = {}): Settings => ({
  kind: 'cube',
  baseUrl: origin,
  apiKey: secrets.cube[0],
  deployment: 32,
  ...settings,
});
const metabase: Settings = { kind: 'metabase', siteUrl: metabaseUrl, secretKey: secrets.metabase[0] };

const hexEmbed: Settings = { project: hexProject, attributes: { orgId: 'tenant' } };
const cubeEmbed: Settings = { dashboard: 'pub_7f3a', attributes: { city: 'claims.city' } };
const metabaseEmbed: Settings = { dashboard: 12, locked: { regions: 'claims.regions' } };

describe('each product without the others', () => {
  it.each([
    ['hex', hexAt, hexEmbed, true, (url: string) => url === hexUrl],
    ['cube', cubeAt, cubeEmbed, true, (url: string) => url.endsWith('/embed/dashboard/pub_7f3a?session=s_1')],
    [
      'metabase',
      () => metabase,
      metabaseEmbed,
      false,
      (url: string) => url.startsWith(`${metabaseUrl}/embed/dashboard/`),
    ],
  ] as const)('%s', async (kind, providerAt, embed, singleUse, isItsUrl) => {
    const fake = await openFake();
    fake.answer(kind === 'cube' ? good.cube : good.hex);
    const gateway = await serve({ one: providerAt(fake.origin) }, { sales: { provider: 'one', ...embed } });
    const before = Date.now();
    const response = await open(gateway, 'sales');
    const reply = (await response.json()) as { url: string; expiresAt: string };
    expect(reply).toEqual({
      url: expect.any(String) as string,
      embed: 'sales',
      provider: kind,
      expiresAt: expect.any(String) as string,
      singleUse,
      combination: { key: expect.stringMatching(/^[\w-]{43}$/) as string, warm: false },
    });
    expect(isItsUrl(reply.url)).toBe(true);
    expect(Date.parse(reply.expiresAt)).toBeGreaterThan(before);
    expect(fake.calls).toHaveLength(kind === 'metabase' ? 0 : 1);
    const readiness = (await (await fetch(`${gateway.operationsUrl}/readyz`)).json()) as {
      dependencies: Readonly<Record<string, unknown>>;
    };
    expect(Object.keys(readiness.dependencies).filter((name) => name.startsWith('provider'))).toEqual([
      'provider one',
    ]);
  });
});

it('two workspaces of one product each have their own token and their own budget', async () => {
  const [first, second] = [await openFake(), await openFake()];
  first.answer(good.hex);
  second.answer(good.hex);
  const small = { budget: { max: 2, per: '1m' }, queue: { maxWait: '0s' } };
  const gateway = await serve(
    {
      emea: hexAt(first.origin, small),
      apac: hexAt(second.origin, { ...small, token: secrets.hex[1], budget: { max: 3, per: '1m' } }),
    },
    { sales: { provider: 'emea', ...hexEmbed }, returns: { provider: 'apac', ...hexEmbed } },
  );
  const statuses = async (embed: string, times: number): Promise<readonly number[]> => {
    const all: number[] = [];
    for (let count = 0; count < times; count += 1) all.push((await open(gateway, embed)).status);
    return all;
  };
  expect(await statuses('sales', 3)).toEqual([200, 200, 503]);
  expect(await statuses('returns', 4)).toEqual([200, 200, 200, 503]);
  const tokens = ({ calls }: FakeProvider): ReadonlySet<unknown> =>
    new Set(calls.map(({ headers }) => headers.authorization));
  expect([...tokens(first)]).toEqual([`Bearer ${secrets.hex[0]}`]);
  expect([...tokens(second)]).toEqual([`Bearer ${secrets.hex[1]}`]);
  expect([first.calls.length, second.calls.length]).toEqual([2, 3]);
});

it('Cube and Metabase have no budget unless one is configured', async () => {
  const fake = await openFake();
  fake.answer(good.cube);
  const gateway = await serve(
    {
      cube: cubeAt(fake.origin),
      small: cubeAt(fake.origin, { budget: { max: 2, per: '1m' }, queue: { maxWait: '0s' } }),
      metabase,
    },
    {
      pipeline: { provider: 'cube', ...cubeEmbed },
      limited: { provider: 'small', ...cubeEmbed },
      churn: { provider: 'metabase', ...metabaseEmbed },
    },
  );
  const opened = async (embed: string): Promise<number> => {
    const all = await Promise.all(Array.from({ length: 40 }, () => open(gateway, embed)));
    return all.filter(({ status }) => status === 200).length;
  };
  expect([await opened('pipeline'), await opened('churn')]).toEqual([40, 40]);
  expect(await opened('limited')).toBe(2);
  const busy = await problemIn(await open(gateway, 'limited'));
  expect(busy).toMatchObject({ code: 'provider_busy', status: 503 });
  expect(fake.calls).toHaveLength(42);
});

it('one product out of reach leaves the others as they are, and no secret or URL in the log', async () => {
  const [hex, cube] = [await openFake(), await openFake()];
  hex.answer(good.hex);
  const providers = { hex: hexAt(hex.origin), cube: cubeAt(cube.origin, { timeout: '700ms' }), metabase };
  const gateway = await serve(providers, {
    sales: { provider: 'hex', ...hexEmbed },
    pipeline: { provider: 'cube', ...cubeEmbed },
    churn: { provider: 'metabase', ...metabaseEmbed },
  });
  const replies: string[] = [];
  for (const answer of [
    { status: 400, echo: 'json' },
    { status: 403, echo: 'text' },
    { status: 429, echo: 'json' },
    { status: 200, echo: 'json' },
    'hang',
    'reset',
    { status: 503, echo: 'text' },
    { status: 503 },
    { status: 503 },
    { status: 503 },
  ] as const) {
    cube.answer(answer);
    const refused = await open(gateway, 'pipeline');
    expect(refused.status).toBeGreaterThanOrEqual(500);
    replies.push(JSON.stringify([...refused.headers]), await refused.text());
    expect((await open(gateway, 'sales')).status).toBe(200);
    expect((await open(gateway, 'churn')).status).toBe(200);
  }
  const { reason } =
    gateway.lines().findLast(({ embed, audit }) => embed === 'pipeline' && audit === 'refusal') ?? {};
  expect(reason).toBe('circuit open');
  const readiness: unknown = await (await fetch(`${gateway.operationsUrl}/readyz`)).json();
  expect(readiness).toMatchObject({
    status: 'degraded',
    dependencies: {
      'provider hex': { up: true },
      'provider cube': { up: false },
      'provider metabase': { up: true },
    },
  });
  const metrics = await (await fetch(`${gateway.operationsUrl}/metrics`)).text();
  await gateway.stop();
  const everything = [gateway.output(), metrics, ...replies].join('\n');
  const hidden = [...Object.values(secrets).flat(), sessionKey, hexUrl, metabaseUrl, 's_1', 'Bern', 'eyJ'];
  expect(hidden.filter((one) => everything.includes(one))).toEqual([]);
  // and the search is not blind
  expect(everything).toContain('provider_misconfigured');
});
