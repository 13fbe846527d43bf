import { generateKeyPairSync, randomUUID, type KeyObject } from 'node:crypto';
import { setTimeout as after } from 'node:timers/promises';
import { SignJWT } from 'jose';
import { expect, it, onTestFinished } from 'vitest';
import { stringify } from 'yaml';
import { Secret } from '../../src/config/secret.ts';
import { connectRedis, waitUntilReady } from '../../src/redis/connect.ts';
import { startFakeProvider, type FakeProvider } from '../support/fake-provider.ts';
import { getEmbedUrl, problemIn, startGateway, type RunningGateway } from '../support/gateway.ts';
import { secrets } from '../support/one-embed.ts';
import { startRedis, type RunningRedis } from '../support/redis.ts';

const issuer = 'https://login.example.com/';
const hostOrigin = 'https://app.example.com';

interface Running {
  readonly gateways: readonly [RunningGateway, RunningGateway];
  /** Starts one more. */
  readonly startAnother: () => Promise<RunningGateway>;
  readonly redis: RunningRedis;
  readonly cube: FakeProvider;
  readonly tokenOf: (user: string, tenant?: string, life?: string) => Promise<string>;
  /** A token with these claims beside the others, or instead of them. */
  readonly tokenWith: (claims: Readonly<Record<string, string>>) => Promise<string>;
}

const wideLimits = { user: [{ max: 1000, per: '1m' }], tenant: [{ allow: [{ max: 1000, per: '1m' }] }] };

/** Two gateways over one Redis, with a Cube that a test answers for. */
async function running(
  redisSettings: object = {},
  cubeSettings: object = {},
  limits: object = wideLimits,
): Promise<Running> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const redis = await startRedis();
  onTestFinished(() => redis.stop());
  const cube = await startFakeProvider();
  onTestFinished(() => cube.stop());
  const config = stringify({
    listen: { port: 0, allowedOrigins: [hostOrigin] },
    operations: { port: 0 },
    redis: { url: redis.url, ...redisSettings },
    limits,
    sessions: [
      {
        issuer,
        audience: 'analytics',
        tokens: ['bearer', 'cookie:session'],
        keys: { pem: publicKey.export({ type: 'spki', format: 'pem' }) },
        tenant: 'claims.org_id',
        clockTolerance: '0ms',
      },
    ],
    providers: {
      cube: {
        ...{ kind: 'cube', baseUrl: cube.origin, apiKey: secrets.cube[0], deployment: 32 },
        ...cubeSettings,
      },
    },
    embeds: {
      pipeline: { provider: 'cube', dashboard: 'pub_7f3a', attributes: { city: 'claims.city' } },
    },
  });
  const gateways = [await startGateway(config), await startGateway(config)] as const;
  const tokenOf = (user: string, tenant = 'acme', life = '5m'): Promise<string> =>
    signed(privateKey, user, tenant, life);
  const tokenWith: Running['tokenWith'] = (claims) => signed(privateKey, 'ada', 'acme', '5m', claims);
  return { gateways, startAnother: () => startGateway(config), redis, cube, tokenOf, tokenWith };
}

async function signed(
  key: KeyObject,
  user: string,
  tenant: string,
  life = '5m',
  claims: Readonly<Record<string, string>> = {},
): Promise<string> {
  return new SignJWT({ sub: user, jti: randomUUID(), org_id: tenant, city: 'Bern', ...claims })
    .setProtectedHeader({ alg: 'ES256' })
    .setIssuer(issuer)
    .setAudience('analytics')
    .setIssuedAt()
    .setExpirationTime(life)
    .sign(key);
}

async function redisKeys({ url }: RunningRedis): Promise<readonly string[]> {
  const client = connectRedis({ url: new Secret(url) });
  client.on('error', () => undefined);
  expect(await waitUntilReady(client, 5000)).toBe(true);
  const keys = await client.keys('*');
  client.disconnect();
  return keys;
}

const curveOrder = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** The other signature that an elliptic curve's key may have made of the same bytes. */
function writtenOtherwise(token: string): string {
  const [header = '', payload = '', signature = ''] = token.split('.');
  const bytes = Buffer.from(signature, 'base64url');
  const s = BigInt(`0x${bytes.subarray(32).toString('hex')}`);
  const other = Buffer.from((curveOrder - s).toString(16).padStart(64, '0'), 'hex');
  return [header, payload, Buffer.concat([bytes.subarray(0, 32), other]).toString('base64url')].join('.');
}

async function signOut(gateway: RunningGateway, token: string): Promise<Response> {
  return fetch(`${gateway.url}/sign-out`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
  });
}

const open = (gateway: RunningGateway, token: string): Promise<Response> =>
  getEmbedUrl(gateway, token, 'embed=pipeline');

function session(id: string): { status: number; body: string } {
  return { status: 200, body: JSON.stringify({ sessionId: id }) };
}

it('a token that was signed out is refused on every replica at once, however its signature is written', async () => {
  const { gateways, cube, tokenOf } = await running();
  const [one, other] = gateways;
  cube.answer(session('s_1'));
  const token = await tokenOf('ada');
  expect((await open(other, token)).status).toBe(200);
  expect((await open(other, writtenOtherwise(token))).status).toBe(200);

  const reply = await signOut(one, token);
  expect([reply.status, await reply.text()]).toEqual([204, '']);
  expect(reply.headers.get('cache-control')).toBe('no-store');
  for (const gateway of gateways) {
    for (const shown of [token, writtenOtherwise(token)]) {
      const refused = await open(gateway, shown);
      expect(await problemIn(refused)).toMatchObject({ status: 401, code: 'session_invalid' });
    }
    const listed = await fetch(`${gateway.url}/embeds`, { headers: { authorization: `Bearer ${token}` } });
    expect(listed.status).toBe(401);
    expect((await signOut(gateway, token)).status).toBe(204);
  }
  // somebody who signs in again, or on another device, is not signed out
  expect((await open(other, await tokenOf('ada'))).status).toBe(200);
  expect(one.output()).not.toContain(token);
  expect(one.lines().filter(({ audit }) => audit === 'sign-out')).toMatchObject([
    { code: 'signed_out', tenant: 'acme', user: 'ada' },
    { code: 'signed_out' },
  ]);
  expect(one.lines().find(({ audit }) => audit === 'refusal')).toMatchObject({
    issuer,
    reason: 'signed out',
  });
});

it('each other token of a session that was signed out is refused on every replica too, and none of another session', async () => {
  const { gateways, redis, cube, tokenOf, tokenWith } = await running();
  const [one, other] = gateways;
  cube.answer(session('s_1'));
  const status = async (gateway: RunningGateway, token: string): Promise<number> =>
    (await open(gateway, token)).status;
  for (const name of ['sid', 'jti', 'session_id', 'origin_jti']) {
    const names = { [name]: `${name}-1` };
    const [shown, issuedBefore] = [await tokenWith(names), await tokenWith(names)];
    expect(await status(other, issuedBefore)).toBe(200);
    expect((await signOut(one, shown)).status).toBe(204);
    const renewed = await tokenWith({ ...names, city: 'Basel' });
    for (const gateway of gateways) {
      for (const token of [shown, issuedBefore, renewed]) expect(await status(gateway, token)).toBe(401);
      // signing out of a session again with another of its tokens changes nothing
      expect((await signOut(gateway, renewed)).status).toBe(204);
      for (const fields of [{ [name]: `${name}-2` }, { ...names, sub: 'ben' }]) {
        expect(await status(gateway, await tokenWith(fields))).toBe(200);
      }
      expect(await status(gateway, await tokenOf('ada'))).toBe(200);
    }
  }
  const keys = await redisKeys(redis);
  expect(keys.filter((key) => key.includes(':signed-out:')).length).toBeGreaterThan(8);
  expect(keys.join()).not.toMatch(/(?:sid|jti|session_id)-1/);
});

it('a session that was signed out stays so while Redis is away, on a replica that refused it once', async () => {
  const { gateways, redis, cube, tokenWith } = await running();
  const [one, other] = gateways;
  cube.answer(session('s_1'));
  expect((await signOut(one, await tokenWith({ sid: 's_1' }))).status).toBe(204);
  expect((await open(other, await tokenWith({ sid: 's_1' }))).status).toBe(401);
  await redis.kill('SIGKILL');
  for (const gateway of gateways) {
    expect((await open(gateway, await tokenWith({ sid: 's_1' }))).status).toBe(401);
    expect((await open(gateway, await tokenWith({ sid: 's_2' }))).status).toBe(200);
  }
}, 60_000);

it('a session that ends while its request waits gets nothing, and the provider is not asked', async () => {
  const queued = { budget: { max: 1, per: '5s' }, queue: { maxWait: '30s' } };
  const { gateways, cube, tokenOf } = await running({}, queued);
  const [one, other] = gateways;
  cube.answer(session('s_1'));
  expect((await open(one, await tokenOf('ben'))).status).toBe(200);
  const signingOut = await tokenOf('ada');
  const waiting = [open(one, signingOut), open(other, await tokenOf('eve', 'acme', '4s'))];
  await after(300);
  expect((await signOut(other, signingOut)).status).toBe(204);
  const refused = await Promise.all(waiting.map(async (answer) => problemIn(await answer)));
  expect(refused.map(({ code }) => code)).toEqual(['session_invalid', 'session_expired']);
  // the slot that was theirs is free for the next
  expect((await open(one, await tokenOf('ben'))).status).toBe(200);
  const minted = cube.calls.filter(({ path }) => path === '/api/v1/embed/generate-session');
  expect(minted).toHaveLength(2);
});

it('what Cube opened for who signs out is revoked, again and again until Cube has done so, and nobody else’s', async () => {
  const { gateways, cube, tokenOf } = await running();
  const [one, other] = gateways;
  cube.answer(session('s_ada1'), session('s_ada2'), session('s_ben'), session('s_globex'), { status: 500 });
  const ada = await tokenOf('ada');
  expect((await open(one, ada)).status).toBe(200);
  expect((await open(other, await tokenOf('ada'))).status).toBe(200);
  expect((await open(one, await tokenOf('ben'))).status).toBe(200);
  expect((await open(one, await tokenOf('ada', 'globex'))).status).toBe(200);

  expect((await signOut(other, ada)).status).toBe(204);
  const revoked = (): readonly string[] =>
    cube.calls.filter(({ path }) => path === '/api/v1/embed/session/revoke').map(({ body }) => body);
  const both = ['{"sessionId":"s_ada1"}', '{"sessionId":"s_ada2"}'];
  await expect.poll(() => revoked().toSorted(), { timeout: 5000 }).toEqual(both);
  cube.answer({ status: 204 });
  await expect.poll(() => revoked().length, { timeout: 20_000 }).toBe(4);
  expect(revoked().slice(2).toSorted()).toEqual(both);
  expect(cube.calls.at(-1)?.headers.authorization).toBe(`Api-Key ${secrets.cube[0]}`);
  // one line for both: that it fails, not each attempt
  const failed = gateways.flatMap((gateway) =>
    gateway.lines().filter(({ msg }) => String(msg).startsWith('sessions cannot be ended')),
  );
  expect(failed).toMatchObject([{ provider: 'cube', reason: 'status 500: ' }]);
  for (const gateway of gateways) expect(gateway.output()).not.toContain('s_ada');
}, 60_000);

it('sign-outs count in the limit of their user, on all replicas together', async () => {
  const { gateways, tokenOf } = await running({}, {}, { user: [{ max: 2, per: '1m' }] });
  const [one, other] = gateways;
  expect((await signOut(one, await tokenOf('ada'))).status).toBe(204);
  expect((await signOut(other, await tokenOf('ada'))).status).toBe(204);
  const limited = await signOut(one, await tokenOf('ada'));
  expect(limited.headers.get('ratelimit')).toMatch(/^"user";r=0;t=\d+$/);
  expect(await problemIn(limited)).toMatchObject({ code: 'rate_limited', violatedPolicies: ['user'] });
  expect((await signOut(other, await tokenOf('ben'))).status).toBe(204);
});

it('who cannot be signed out everywhere is told so, is refused here, and everywhere once Redis is back', async () => {
  const { gateways, redis, cube, tokenOf } = await running();
  const [one, other] = gateways;
  cube.answer(session('s_1'));
  const [early, token] = [await tokenOf('ben'), await tokenOf('ada')];
  expect((await signOut(one, early)).status).toBe(204);
  await redis.kill('SIGKILL');
  expect(await problemIn(await signOut(one, token))).toMatchObject({
    status: 503,
    code: 'limits_unavailable',
  });
  expect((await open(one, token)).status).toBe(401);
  expect((await open(other, token)).status).toBe(200);
  const again = await startRedis({ port: redis.port });
  onTestFinished(() => again.stop());
  for (const shown of [token, early]) {
    await expect.poll(async () => (await open(other, shown)).status, { timeout: 10_000 }).toBe(401);
  }
}, 60_000);

it('a replica that refused a token tells an empty Redis of it, when the one that took the sign-out is gone', async () => {
  const { gateways, startAnother, redis, cube, tokenOf } = await running();
  const [one, other] = gateways;
  cube.answer(session('s_1'));
  const token = await tokenOf('ada');
  expect((await signOut(one, token)).status).toBe(204);
  expect((await open(other, token)).status).toBe(401);
  await one.stop();
  await redis.kill('SIGKILL');
  const again = await startRedis({ port: redis.port });
  onTestFinished(() => again.stop());
  const newcomer = await startAnother();
  await expect.poll(async () => (await open(newcomer, token)).status, { timeout: 10_000 }).toBe(401);
  expect((await open(other, token)).status).toBe(401);
}, 60_000);

it('nobody is believed while it cannot be known whether they signed out, where nothing is to be let through', async () => {
  const { gateways, redis, cube, tokenOf } = await running({ whenDown: 'refuse' });
  cube.answer(session('s_1'));
  const token = await tokenOf('ada');
  await redis.kill('SIGKILL');
  for (const path of ['/embed-url?embed=pipeline', '/embeds']) {
    const reply = await fetch(`${gateways[0].url}${path}`, { headers: { authorization: `Bearer ${token}` } });
    expect(reply.status).toBe(503);
  }
});

it('another site cannot sign a reader out, and nobody can without a session', async () => {
  const { gateways, cube, tokenOf } = await running();
  const [gateway] = gateways;
  cube.answer(session('s_1'));
  const token = await tokenOf('ada');
  const post = (headers: Readonly<Record<string, string>>): Promise<Response> =>
    fetch(`${gateway.url}/sign-out`, { method: 'POST', headers });
  expect((await post({})).status).toBe(401);
  const foreign = await post({ cookie: `session=${token}`, origin: 'https://evil.example.com' });
  expect(await problemIn(foreign)).toMatchObject({ code: 'origin_denied' });
  expect((await open(gateway, token)).status).toBe(200);
  expect((await post({ cookie: `session=${token}`, origin: hostOrigin })).status).toBe(204);
  expect((await open(gateway, token)).status).toBe(401);
  expect((await fetch(`${gateway.url}/sign-out`)).status).toBe(404);
});
