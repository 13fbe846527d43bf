import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { expect, it, onTestFinished } from 'vitest';
import { openSandbox } from '../sandbox/support.ts';
import { configOver, getEmbedUrl, startGateway, type RunningGateway } from '../support/gateway.ts';
import { documentedRedisUser, root } from '../support/readme.ts';
import { startRedis, type RunningRedis } from '../support/redis.ts';
import { createRedisHealth } from '../../src/cli/redis-health.ts';
import { Secret } from '../../src/config/secret.ts';
import { connectRedis } from '../../src/redis/connect.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';

const user = documentedRedisUser('acl-password');

async function redisWith(
  options: Parameters<typeof startRedis>[0],
  ...users: readonly string[]
): Promise<RunningRedis> {
  const redis = await startRedis({ ...options, config: users.join('\n') });
  onTestFinished(() => redis.stop());
  return redis;
}

const urlOf = ({ port }: RunningRedis, name: string): string =>
  `redis://${name}:acl-password@127.0.0.1:${port}`;

async function begin(sandbox: Sandbox, redis: string): Promise<RunningGateway> {
  const hex = 'budget: { max: 2, per: 2s }\nqueue: { maxWait: 10s }';
  return startGateway(configOver(sandbox, { hex, more: `redis: { ${redis} }` }), {
    HEX_TOKEN: sandbox.hexToken,
  });
}

async function readiness(gateway: RunningGateway): Promise<unknown> {
  return (await fetch(`${gateway.operationsUrl}/readyz`)).json();
}

it('the documented user may do all that the gateway does, and is denied nothing on the way', async () => {
  const redis = await redisWith({}, user);
  const sandbox = await openSandbox();
  const gateway = await begin(sandbox, `url: "${urlOf(redis, 'embed-gateway')}/1", whenDown: refuse`);
  const token = await sandbox.signSession({ sub: 'ada' });
  const impatient = new AbortController();
  const leaving = async (): Promise<void> => {
    const headers = { authorization: `Bearer ${token}` };
    const { signal } = impatient;
    await fetch(`${gateway.url}/embed-url?embed=sales`, { headers, signal }).catch(() => undefined);
  };
  const served = Array.from({ length: 4 }, () => getEmbedUrl(gateway, token));
  const left = leaving();
  setTimeout(() => {
    impatient.abort();
  }, 500);
  await left;
  for (const response of served) expect((await response).status).toBe(200);
  const warm: unknown = await (await getEmbedUrl(gateway, token)).json();
  expect(warm).toMatchObject({ combination: { warm: true } });
  const headers = { authorization: `Bearer ${token}` };
  const signedOut = await fetch(`${gateway.url}/sign-out`, { method: 'POST', headers });
  expect(signedOut.status).toBe(204);
  expect((await getEmbedUrl(gateway, token)).status).toBe(401);
  expect(await readiness(gateway)).toMatchObject({ dependencies: { redis: { up: true } } });
  expect(await redis.ask('ACL', 'LOG')).toEqual([]);
});

it('the documented user reaches no other key and no other command', async () => {
  const redis = await redisWith({}, user);
  const client = new Redis(urlOf(redis, 'embed-gateway'));
  onTestFinished(() => {
    client.disconnect();
  });
  const others = [
    ['get', 'session:ada'],
    ['set', 'session:ada', 'x'],
    ['eval', "return redis.call('GET', KEYS[1])", '1', 'session:ada'],
    ['eval', "return redis.call('GET', 'session:ada')", '0'],
    ['keys', '*'],
    ['flushall'],
    ['config', 'get', '*'],
    ['acl', 'list'],
    ['script', 'flush'],
    ['publish', 'channel', 'x'],
  ] as const;
  for (const [name, ...args] of others) {
    await expect(client.call(name, ...args), name).rejects.toThrow(/^NOPERM|ACL failure|The user executing/);
  }
  expect(await client.call('set', '{embed-gateway}:key', 'x')).toBe('OK');
});

it('the documented user has the commands of the scripts, and none that nothing needs', () => {
  const outsideScripts = ['eval', 'evalsha', 'exists', 'info', 'select'];
  const onCluster = ['cluster|slots', 'cluster|info', 'client|setname', 'readonly', 'readwrite', 'asking'];
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' });
  const source = files
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join(root, 'src', file), 'utf8'));
  const inScripts = [...source.join('\n').matchAll(/redis\.call\('([A-Z]+)'/g)].map(([, name = '']) =>
    name.toLowerCase(),
  );
  const named = [...user.matchAll(/ \+(\S+)/g)].map(([, name = '']) => name);
  expect(named.toSorted()).toEqual([...new Set([...outsideScripts, ...onCluster, ...inScripts])].toSorted());
});

const words = [
  { who: 'nobody', url: ({ url }: RunningRedis) => url.replace('//:its@', '//'), word: 'NOAUTH' },
  { who: 'a wrong password', url: ({ url }: RunningRedis) => url.replace('its', 'not'), word: 'WRONGPASS' },
  { who: 'no right to scripts', url: (redis: RunningRedis) => urlOf(redis, 'no-script'), word: 'NOPERM' },
  { who: 'no right to the keys', url: (redis: RunningRedis) => urlOf(redis, 'no-keys'), word: 'NOPERM' },
  { who: 'no right to write', url: (redis: RunningRedis) => urlOf(redis, 'no-write'), word: 'NOPERM' },
] as const;

const lesser = [
  user.replace('embed-gateway', 'no-script').replace(/ [+]eval(?:sha)?(?= )/g, ''),
  user.replace('embed-gateway', 'no-keys').replace('~{embed-gateway}*', '~other*'),
  user.replace('embed-gateway', 'no-write').replace(' +set ', ' '),
];

it.each(words)('Redis’s word for $who is why it is down: $word', async ({ url, word }) => {
  const redis = await redisWith({ password: 'its' }, ...lesser);
  const client = connectRedis({ url: new Secret(url(redis)) });
  onTestFinished(() => {
    client.disconnect();
  });
  const health = createRedisHealth(client);
  await expect
    .poll(async () => {
      await health.probe();
      return health.reason();
    })
    .toBe(word);
  expect(health.isUp()).toBe(false);
});

it('a user who may not write: readiness names the word, and requests are answered by whenDown', async () => {
  const redis = await redisWith({}, ...lesser);
  const sandbox = await openSandbox();
  const gateway = await begin(sandbox, `url: "${urlOf(redis, 'no-write')}", whenDown: local`);
  expect((await getEmbedUrl(gateway, await sandbox.signSession({ sub: 'ada' }))).status).toBe(200);
  await expect
    .poll(async () => readiness(gateway), { timeout: 5000 })
    .toMatchObject({ status: 'degraded', dependencies: { redis: { up: false, reason: 'NOPERM' } } });
});
