import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { createRedisStore } from '../../src/admission/redis.ts';
import { Secret } from '../../src/config/secret.ts';
import { connectRedis, waitUntilReady, type RedisClient } from '../../src/redis/connect.ts';
import { addressOf } from '../../src/redis/server-options.ts';
import { freePort } from '../support/free-port.ts';
import { startProxy } from '../support/proxy.ts';
import { startRedis, type RunningRedis } from '../support/redis.ts';
import { asker } from '../admission/support.ts';

async function openRedis(options: Parameters<typeof startRedis>[0] = {}): Promise<RunningRedis> {
  const redis = await startRedis(options);
  onTestFinished(() => redis.stop());
  return redis;
}

/** A client, and what it said of failures. */
function connect(url: string): { readonly client: RedisClient; readonly errors: readonly string[] } {
  const client = connectRedis({ url: new Secret(url) });
  const errors: string[] = [];
  client.on('error', (error: Error) => errors.push(error.message));
  onTestFinished(() => {
    client.disconnect();
  });
  return { client, errors };
}

const password = 'p@ss:w/örd#? %';

test('a password with any characters opens a Redis that asks for one', async () => {
  const redis = await openRedis({ password });
  const { client } = connect(redis.url);
  expect(await waitUntilReady(client, 5000)).toBe(true);
  expect(await client.ping()).toBe('PONG');
  expect((await asker(createRedisStore(client)).decide()).kind).toBe('granted');
});

test.each(['redis://:wrong@', 'redis://'])(
  'a wrong or missing password (%s) gives commands that fail, and is not printed',
  async (prefix) => {
    const redis = await openRedis({ password });
    const { client, errors } = connect(`${prefix}127.0.0.1:${redis.port}`);
    const { decide } = asker(createRedisStore(client));
    await waitUntilReady(client, 300);
    await expect(decide()).rejects.toThrow();
    expect(errors.join('\n')).not.toContain('wrong');
  },
);

test('a Redis that is not there fails every command fast, and the process goes on', async () => {
  const { client, errors } = connect(`redis://127.0.0.1:${await freePort()}`);
  expect(await waitUntilReady(client, 100)).toBe(false);
  const startedAt = performance.now();
  for (let call = 0; call < 5; call += 1) await expect(client.ping()).rejects.toThrow();
  expect(performance.now() - startedAt).toBeLessThan(1500);
  expect(errors.length).toBeGreaterThan(0);
});

test('a Redis that dies fails commands fast, and one that comes back is used again by itself', async () => {
  const redis = await openRedis();
  const { client } = connect(redis.url);
  await waitUntilReady(client, 5000);
  const { decide } = asker(createRedisStore(client));
  expect((await decide()).kind).toBe('granted');

  await redis.kill();
  const startedAt = performance.now();
  await expect(decide()).rejects.toThrow();
  expect(performance.now() - startedAt).toBeLessThan(1500);

  await openRedis({ port: redis.port });
  await expect
    .poll(
      async () =>
        decide().then(
          ({ kind }) => kind,
          () => 'failed',
        ),
      { timeout: 5000 },
    )
    .toBe('granted');
});

test('a Redis that stands still fails commands within the time allowed for one', async () => {
  const redis = await openRedis();
  const { client } = connect(redis.url);
  await waitUntilReady(client, 5000);
  process.kill(redis.pid, 'SIGSTOP');
  const startedAt = performance.now();
  await expect(client.ping()).rejects.toThrow();
  expect(performance.now() - startedAt).toBeLessThan(1500);
  process.kill(redis.pid, 'SIGCONT');
  await expect.poll(() => client.ping().catch(() => 'failed')).toBe('PONG');
});

test('a socket that fails twice does not end the process', async () => {
  const redis = await openRedis();
  const { client } = connect(redis.url);
  await waitUntilReady(client, 5000);
  if (!(client instanceof Redis)) throw new TypeError('one server');
  const { stream } = client;
  for (const message of ['the certificate', 'the alert']) stream.emit('error', new Error(message));
  stream.destroy();
  await expect.poll(() => client.ping().catch(() => 'failed')).toBe('PONG');
});

test('a command whose answer was lost fails, and is not sent again: it may have been done', async () => {
  const redis = await openRedis();
  const proxy = await startProxy(redis.port);
  const { client } = connect(`redis://127.0.0.1:${proxy.port}`);
  await waitUntilReady(client, 5000);
  proxy.loseNextAnswer();
  await expect(client.incr('count')).rejects.toThrow();
  await expect.poll(() => client.get('count').catch(() => 'failed')).toBe('1');
});

test('a master that became a replica behind the same address is left for the new one', async () => {
  const [old, next] = await Promise.all([openRedis(), openRedis()]);
  const proxy = await startProxy(old.port);
  const { client } = connect(`redis://127.0.0.1:${proxy.port}`);
  await waitUntilReady(client, 5000);
  const { decide } = asker(createRedisStore(client));
  expect((await decide()).kind).toBe('granted');
  await old.ask('REPLICAOF', '127.0.0.1', String(next.port));
  proxy.leadTo(next.port);
  await expect(decide()).rejects.toThrow('READONLY');
  await expect.poll(async () => (await decide().catch(() => undefined))?.kind).toBe('granted');
});

test('the database that a URL names is used', async () => {
  const redis = await openRedis();
  const { client } = connect(`${redis.url}/3`);
  expect(await waitUntilReady(client, 5000)).toBe(true);
  await client.set('key', 'value');
  expect(await redis.ask('INFO', 'keyspace')).toContain('db3:keys=1');
});

test('a URL may name its host by an IPv6 address, and leave the port out', () => {
  expect(addressOf(new Secret('redis://[::1]'))).toEqual({ host: '::1', port: 6379 });
});
