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

function downLines(gateway: RunningGateway): readonly unknown[] {
  return gateway.lines().filter(({ msg }) => msg === 'a dependency is down');
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
  await expect.poll(() => downLines(gateway), { timeout: 5000 }).toHaveLength(1);
  expect(downLines(gateway)).toMatchObject([{ dependency: 'redis', reason: 'ECONNREFUSED' }]);
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

it('readiness follows Redis without any request, a hanging one too, in one line each way', async () => {
  const { redis, gateway } = await overRedis('refuse');
  const status = async (): Promise<number> => (await readiness(gateway)).status;
  const backLines = (): readonly unknown[] =>
    gateway.lines().filter(({ msg }) => msg === 'a dependency is back');
  await expect.poll(status).toBe(200);
  process.kill(redis.pid, 'SIGSTOP');
  await expect.poll(status, { timeout: 5000 }).toBe(503);
  await expect.poll(() => downLines(gateway), { timeout: 5000 }).toMatchObject([{ reason: 'no answer' }]);
  process.kill(redis.pid, 'SIGCONT');
  await expect.poll(status, { timeout: 5000 }).toBe(200);
  await expect.poll(backLines, { timeout: 5000 }).toHaveLength(1);

  await redis.kill('SIGKILL');
  await expect.poll(status, { timeout: 5000 }).toBe(503);
  const again = await startRedis({ port: redis.port });
  onTestFinished(() => again.stop());
  await expect.poll(status, { timeout: 5000 }).toBe(200);
});

it('a Redis that refuses the password is one line that names the reason and neither password nor address', async () => {
  const redis = await startRedis({ password: 'right' });
  onTestFinished(() => redis.stop());
  const sandbox = await openSandbox();
  const url = redis.url.replace('right', 'wr0ng-passw0rd');
  const more = `redis: { url: "${url}", whenDown: refuse }`;
  const gateway = await startGateway(configOver(sandbox, { more }), { HEX_TOKEN: sandbox.hexToken });
  await expect.poll(() => downLines(gateway), { timeout: 8000 }).toMatchObject([{ reason: 'WRONGPASS' }]);
  expect((await readiness(gateway)).status).toBe(503);
  expect(gateway.output()).not.toContain('wr0ng-passw0rd');
  expect(gateway.output()).not.toContain(String(redis.port));
});
