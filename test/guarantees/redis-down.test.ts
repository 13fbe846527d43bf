import { expect, it, onTestFinished } from 'vitest';
import { openSandbox } from '../sandbox/support.ts';
import { configOver, getEmbedUrl, problemIn, startGateway, type RunningGateway } from '../support/gateway.ts';
import { startRedis } from '../support/redis.ts';

async function overRedis(whenDown: 'local' | 'refuse') {
  const redis = await startRedis();
  onTestFinished(() => redis.stop());
  const sandbox = await openSandbox();
  const more = `redis: { url: "${redis.url}", whenDown: ${whenDown} }\nlimits: { user: [{ max: 3, per: 1m }] }`;
  const gateway = await startGateway(configOver(sandbox, { more }), { HEX_TOKEN: sandbox.hexToken });
  return { redis, sandbox, gateway, token: await sandbox.signSession({ sub: 'ada' }) };
}

async function readiness(gateway: RunningGateway): Promise<{ status: number; text: string }> {
  const response = await fetch(`${gateway.operationsUrl}/readyz`);
  return { status: response.status, text: await response.text() };
}

it('whenDown: local goes on limiting in the process and says so, once', async () => {
  const { redis, gateway, token } = await overRedis('local');
  expect((await getEmbedUrl(gateway, token)).status).toBe(200);
  expect(await readiness(gateway)).toMatchObject({ status: 200 });
  await redis.kill('SIGKILL');
  const statuses: number[] = [];
  for (let count = 0; count < 5; count += 1) {
    const startedAt = performance.now();
    statuses.push((await getEmbedUrl(gateway, token)).status);
    expect(performance.now() - startedAt).toBeLessThan(2000);
  }
  expect(statuses).toEqual([200, 200, 200, 429, 429]);
  const { status, text } = await readiness(gateway);
  expect(status).toBe(200);
  expect(text).toContain('each process limits by itself');
  expect(await (await fetch(`${gateway.operationsUrl}/metrics`)).text()).toContain(
    'embed_gateway_dependency_up{dependency="redis"} 0',
  );
  expect(gateway.lines().filter(({ msg }) => msg === 'a dependency is down')).toHaveLength(1);
});

it('whenDown: refuse answers 503 and mints nothing; it recovers by itself', async () => {
  const { redis, sandbox, gateway, token } = await overRedis('refuse');
  await redis.kill('SIGKILL');
  const refused = await getEmbedUrl(gateway, token);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await problemIn(refused)).toMatchObject({ status: 503, code: 'limits_unavailable' });
  expect(sandbox.hexCalls).toEqual([]);
  expect(await readiness(gateway)).toMatchObject({ status: 503 });
  const again = await startRedis({ port: redis.port });
  onTestFinished(() => again.stop());
  await expect.poll(async () => (await getEmbedUrl(gateway, token)).status, { timeout: 5000 }).toBe(200);
  expect(await readiness(gateway)).toMatchObject({ status: 200 });
});
