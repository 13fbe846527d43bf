import { setTimeout as after } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { expect, it, onTestFinished } from 'vitest';
import { openSandbox } from '../sandbox/support.ts';
import { configOver, getEmbedUrl, problemIn, startGateway, type RunningGateway } from '../support/gateway.ts';
import { startRedis, type RunningRedis } from '../support/redis.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';

const limits = 'limits: { user: [{ max: 900, per: 1m }], tenant: [{ allow: [{ max: 900, per: 1m }] }] }';

interface Running {
  readonly redis: RunningRedis;
  readonly sandbox: Sandbox;
  readonly gateways: readonly [RunningGateway, RunningGateway];
  readonly token: string;
}

async function running(hex: string, redisMore = ''): Promise<Running> {
  const redis = await startRedis();
  onTestFinished(() => redis.stop());
  const sandbox = await openSandbox();
  const more = `redis: { url: "${redis.url}"${redisMore} }\n${limits}`;
  const config = configOver(sandbox, { hex, more });
  const env = { HEX_TOKEN: sandbox.hexToken };
  const gateways = await Promise.all([startGateway(config, env), startGateway(config, env)]);
  return { redis, sandbox, gateways, token: await sandbox.signSession({ sub: 'ada' }) };
}

/** The most calls that any window of this length saw. */
function mostCalls(sandbox: Sandbox, perMs: number): number {
  const times = sandbox.hexCalls.map(({ at }) => at);
  return Math.max(...times.map((start) => times.filter((at) => at >= start && at < start + perMs).length));
}

it('a gateway that dies with places in the queue holds nobody up for long', async () => {
  const { sandbox, gateways, token } = await running('budget: { max: 1, per: 1s }\nqueue: { maxWait: 30s }');
  const [dying, living] = gateways;
  expect((await getEmbedUrl(living, token)).status).toBe(200);
  const lost = Array.from({ length: 5 }, () => getEmbedUrl(dying, token).catch(() => undefined));
  await after(300);
  const startedAt = performance.now();
  const waiting = getEmbedUrl(living, token);
  await after(200);
  dying.kill('SIGKILL');
  await Promise.all(lost);
  expect((await waiting).status).toBe(200);
  // its lease of two seconds, then the window of one
  expect(performance.now() - startedAt).toBeLessThan(6000);
  expect(mostCalls(sandbox, 990)).toBe(1);
});

it('a gateway that stands still holds nobody up for long, and when it wakes passes no budget', async () => {
  const { sandbox, gateways, token } = await running('budget: { max: 2, per: 1s }\nqueue: { maxWait: 30s }');
  const [stopping, living] = gateways;
  await Promise.all([getEmbedUrl(living, token), getEmbedUrl(living, token)]);
  const held = Array.from({ length: 4 }, () => getEmbedUrl(stopping, token));
  await after(300);
  stopping.kill('SIGSTOP');
  const startedAt = performance.now();
  expect((await getEmbedUrl(living, token)).status).toBe(200);
  // its lease of two seconds, then the window of one
  expect(performance.now() - startedAt).toBeLessThan(6000);
  const beside = Array.from({ length: 4 }, () => getEmbedUrl(living, token));
  stopping.kill('SIGCONT');
  const answers = await Promise.all([...held, ...beside]);
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  expect(sandbox.hexCalls).toHaveLength(2 + 1 + answers.length);
  expect(mostCalls(sandbox, 990)).toBe(2);
  expect((await getEmbedUrl(stopping, token)).status).toBe(200);
});

it.each(['SIGKILL', 'SIGSTOP'] as const)(
  'a gateway that stood still while others spent the budget grants nothing for a window when Redis is gone as it wakes (%s)',
  { timeout: 60_000 },
  async (signal) => {
    const { redis, sandbox, gateways, token } = await running(
      'timeout: 1s\nbudget: { max: 2, per: 6s }\nqueue: { maxWait: 0ms }',
      ', replicas: 2',
    );
    const [stopping, living] = gateways;
    await after(1500);
    stopping.kill('SIGSTOP');
    await after(3500);
    for (let count = 0; count < 2; count += 1) expect((await getEmbedUrl(living, token)).status).toBe(200);
    process.kill(redis.pid, signal);
    stopping.kill('SIGCONT');
    const refused = await getEmbedUrl(stopping, token);
    expect(await problemIn(refused)).toMatchObject({ status: 503, code: 'provider_busy' });
    expect(sandbox.hexCalls).toHaveLength(2);
    const grants = expect.poll(async () => (await getEmbedUrl(stopping, token)).status, { timeout: 40_000 });
    await grants.toBe(200);
    expect(mostCalls(sandbox, 5990)).toBe(2);
  },
);

it('a Redis that dies and comes back empty does not give the budget out again', async () => {
  const { redis, sandbox, gateways, token } = await running(
    'budget: { max: 6, per: 1m }\nqueue: { maxWait: 0ms }',
    ', replicas: 2',
  );
  for (const gateway of gateways) {
    for (let count = 0; count < 3; count += 1) expect((await getEmbedUrl(gateway, token)).status).toBe(200);
  }
  await redis.kill('SIGKILL');
  for (const gateway of gateways) expect((await getEmbedUrl(gateway, token)).status).toBe(503);
  const again = await startRedis({ port: redis.port });
  onTestFinished(() => again.stop());
  const client = new Redis(again.url);
  onTestFinished(() => {
    client.disconnect();
  });
  await expect.poll(async () => client.zcard('{embed-gateway}:slots:hex'), { timeout: 5000 }).toBe(6);
  for (const gateway of gateways) expect((await getEmbedUrl(gateway, token)).status).toBe(503);
  expect(sandbox.hexCalls).toHaveLength(6);
});

it('a Redis that stands still delays nobody beyond its time-out, and what was not heard is taken back', async () => {
  const { redis, gateways, token } = await running(
    'budget: { max: 5, per: 1m }\nqueue: { maxWait: 0ms }',
    ', whenDown: refuse',
  );
  const [gateway] = gateways;
  process.kill(redis.pid, 'SIGSTOP');
  for (let count = 0; count < 3; count += 1) {
    const startedAt = performance.now();
    expect((await getEmbedUrl(gateway, token)).status).toBe(503);
    expect(performance.now() - startedAt).toBeLessThan(3000);
  }
  process.kill(redis.pid, 'SIGCONT');
  await expect.poll(async () => (await getEmbedUrl(gateway, token)).status, { timeout: 5000 }).toBe(200);
  for (let count = 0; count < 4; count += 1) expect((await getEmbedUrl(gateway, token)).status).toBe(200);
});

it('a waiting request costs Redis fewer than five commands a second', async () => {
  const { redis, gateways, token } = await running('budget: { max: 1, per: 6s }\nqueue: { maxWait: 60s }');
  await getEmbedUrl(gateways[0], token);
  const client = new Redis(redis.url);
  onTestFinished(() => {
    client.disconnect();
  });
  const impatient = new AbortController();
  const waiting = Array.from({ length: 8 }, (_, index) =>
    fetch(`${gateways[index % 2]?.url ?? ''}/embed-url?embed=sales`, {
      headers: { authorization: `Bearer ${token}` },
      signal: impatient.signal,
    }).catch(() => undefined),
  );
  await after(500);
  const commands = async (): Promise<number> =>
    Number(/cmdstat_evalsha:calls=(\d+)/.exec(await client.info('commandstats'))?.[1]);
  const before = await commands();
  await after(3000);
  const perSecond = ((await commands()) - before) / 3 / waiting.length;
  impatient.abort();
  await Promise.all(waiting);
  expect(perSecond).toBeGreaterThan(0.5);
  expect(perSecond).toBeLessThan(5);
});
