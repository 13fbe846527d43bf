import { randomUUID } from 'node:crypto';
import { expect, it, onTestFinished } from 'vitest';
import { openSandbox } from '../sandbox/support.ts';
import { configOver, getEmbedUrl, problemIn, startGateway, type RunningGateway } from '../support/gateway.ts';
import { startRedis } from '../support/redis.ts';

async function running(more = '') {
  const redis = await startRedis();
  onTestFinished(() => redis.stop());
  const sandbox = await openSandbox();
  const limits = 'limits: { user: [{ max: 3, per: 1m }], tenant: [{ allow: [{ max: 3, per: 1m }] }] }';
  const config = configOver(sandbox, { more: `redis: { url: "${redis.url}"${more} }\n${limits}` });
  const env = { HEX_TOKEN: sandbox.hexToken };
  const gateways = [await startGateway(config, env), await startGateway(config, env)] as const;
  const tokenOf = (sub: string): Promise<string> => sandbox.signSession({ sub, jti: randomUUID() });
  return { redis, sandbox, gateways, tokenOf };
}

const headersFor = (token: string) => ({ authorization: `Bearer ${token}` });

const list = (gateway: RunningGateway, token: string): Promise<Response> =>
  fetch(`${gateway.url}/embeds`, { headers: headersFor(token) });

const signOut = (gateway: RunningGateway, token: string): Promise<Response> =>
  fetch(`${gateway.url}/sign-out`, { method: 'POST', headers: headersFor(token) });

async function expectLimited(response: Response): Promise<void> {
  expect(response.headers.get('ratelimit-policy')).toBe('"user";q=3;w=60');
  expect(response.headers.get('ratelimit')).toMatch(/^"user";r=0;t=\d+$/);
  expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await problemIn(response)).toMatchObject({
    status: 429,
    code: 'rate_limited',
    violatedPolicies: ['user'],
  });
}

it('what a user asks for counts in one limit, whichever route and replica: a mint, the list, a sign-out', async () => {
  const { sandbox, gateways, tokenOf } = await running();
  const [one, other] = gateways;
  const token = await tokenOf('ada');
  expect((await getEmbedUrl(one, token)).status).toBe(200);
  const listed = await list(other, token);
  expect(listed.status).toBe(200);
  expect(listed.headers.get('ratelimit-policy')).toBe('"user";q=3;w=60');
  expect(listed.headers.get('ratelimit')).toMatch(/^"user";r=1;t=\d+$/);
  const signedOut = await signOut(one, await tokenOf('ada'));
  expect(signedOut.status).toBe(204);
  expect(signedOut.headers.get('ratelimit')).toMatch(/^"user";r=0;t=\d+$/);

  for (const gateway of gateways) {
    await expectLimited(await list(gateway, token));
    await expectLimited(await signOut(gateway, token));
    expect((await problemIn(await getEmbedUrl(gateway, token))).violatedPolicies).toEqual(['user']);
  }
  expect(other.lines().find(({ code }) => code === 'rate_limited')).toMatchObject({
    audit: 'refusal',
    user: 'ada',
    violatedPolicies: ['user'],
  });
  // neither the tenant's windows nor the provider's budget are touched by it
  expect(sandbox.hexCalls).toHaveLength(1);
  expect((await list(one, await tokenOf('cleo'))).status).toBe(200);
});

it('a sign-out is heard while limits cannot be checked', async () => {
  const { redis, gateways, tokenOf } = await running(', whenDown: refuse');
  const [gateway] = gateways;
  const token = await tokenOf('ada');
  await redis.kill('SIGKILL');
  expect(await problemIn(await list(gateway, token))).toMatchObject({ code: 'limits_unavailable' });
  expect(await problemIn(await signOut(gateway, token))).toMatchObject({ code: 'limits_unavailable' });
  const again = await startRedis({ port: redis.port });
  onTestFinished(() => again.stop());
  await expect.poll(async () => (await list(gateway, token)).status, { timeout: 5000 }).toBe(401);
});

it('without Redis each process counts by itself', async () => {
  const { redis, gateways, tokenOf } = await running();
  const [gateway] = gateways;
  const token = await tokenOf('ada');
  await redis.kill('SIGKILL');
  const statuses: number[] = [];
  for (let count = 0; count < 5; count += 1) statuses.push((await list(gateway, token)).status);
  expect(statuses).toEqual([200, 200, 200, 429, 429]);
});
