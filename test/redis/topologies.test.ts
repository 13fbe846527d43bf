import { expect, onTestFinished, test } from 'vitest';
import { createRedisStore } from '../../src/admission/redis.ts';
import { Secret } from '../../src/config/secret.ts';
import {
  connectRedis,
  keyPrefix,
  onServer,
  waitUntilReady,
  type RedisClient,
} from '../../src/redis/connect.ts';
import { createRedisSignOutStore } from '../../src/sign-out/redis.ts';
import { asker, policy, wide } from '../admission/support.ts';
import { freePort } from '../support/free-port.ts';
import { startProxy, type Proxy } from '../support/proxy.ts';
import { documentedRedisUser } from '../support/readme.ts';
import { startRedis } from '../support/redis.ts';
import { startCluster } from '../support/redis-topologies.ts';

const url = ({ port }: { readonly port: number }): Secret => new Secret(`redis://127.0.0.1:${port}`);

async function ready(client: RedisClient): Promise<RedisClient> {
  client.on('error', () => undefined);
  onTestFinished(() => {
    client.disconnect();
  });
  expect(await waitUntilReady(client, 10_000)).toBe(true);
  return client;
}

/** Two masters; all slots but one are of the first, which is reached through a proxy. */
async function startProxiedCluster(): Promise<Proxy> {
  const [port, bus, otherBus] = [await freePort(), await freePort(), await freePort()];
  const proxy = await startProxy(port);
  const cluster = ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1', '--cluster-port'];
  const announced = ['--cluster-announce-port', String(proxy.port)];
  const node = await startRedis({ port, args: [...cluster, String(bus), ...announced] });
  onTestFinished(() => node.stop());
  const other = await startRedis({ args: [...cluster, String(otherBus)] });
  onTestFinished(() => other.stop());
  await node.ask('CLUSTER', 'ADDSLOTSRANGE', '0', '16382');
  await other.ask('CLUSTER', 'ADDSLOTS', '16383');
  // equal epochs would let the nodes argue about their slots
  await other.ask('CLUSTER', 'SET-CONFIG-EPOCH', '2');
  await other.ask('CLUSTER', 'MEET', '127.0.0.1', String(port), String(bus));
  for (const one of [node, other]) {
    await expect.poll(() => one.ask('CLUSTER', 'INFO'), { timeout: 10_000 }).toContain('cluster_state:ok');
  }
  return proxy;
}

test('a command to a Cluster whose answer was lost fails, and is not sent again', async () => {
  const proxy = await startProxiedCluster();
  const client = await ready(connectRedis({ cluster: [url(proxy)] }));
  proxy.loseNextAnswer();
  await expect(client.incr('count')).rejects.toThrow();
  await expect.poll(() => client.get('count').catch(() => 'failed')).toBe('1');
}, 60_000);

test('a Cluster runs every script for the documented user: all keys of a call lie in one slot', async () => {
  const { servers, stop } = await startCluster({ config: documentedRedisUser('secret') });
  onTestFinished(stop);
  const asUser = ({ port }: { readonly port: number }): Secret =>
    new Secret(`redis://embed-gateway:secret@127.0.0.1:${port}`);
  const client = await ready(connectRedis({ cluster: servers.slice(0, 2).map(asUser) }));
  const store = createRedisStore(client);
  const { decide, settle } = asker(store, { ...wide, max: 2 });
  expect((await decide([policy(), policy({ perMs: 1000 })], 'first')).kind).toBe('granted');
  await settle('first');
  const { budget, provider } = { budget: { ...wide, max: 2 }, provider: 'other' };
  await store.restore({ provider, budget, slots: [{ slot: 'old', freedInMs: 5000 }] });
  await store.heed({ provider, budget, remaining: 0, forMs: 5000 });
  await store.leave({ provider, budget, ticket: 'none', owner: 'nobody' });
  expect((await store.decide({ provider, budget, policies: [], slot: 'new' })).kind).toBe('busy');
  expect((await decide()).kind).toBe('granted');
  expect((await decide()).kind).toBe('busy');
  for (const server of servers) expect(await server.ask('ACL', 'LOG')).toEqual([]);
}, 60_000);

test('a Cluster remembers a sign-out by each of its marks, in one command', async () => {
  const { servers, stop } = await startCluster({ config: documentedRedisUser('secret') });
  onTestFinished(stop);
  const asUser = ({ port }: { readonly port: number }): Secret =>
    new Secret(`redis://embed-gateway:secret@127.0.0.1:${port}`);
  const client = await ready(connectRedis({ cluster: servers.slice(0, 2).map(asUser) }));
  const store = createRedisSignOutStore(client);
  const expiresAtMs = Date.now() + 60_000;
  const marks = ['token', 'jti', 'sid'].map((digest) => ({ digest, expiresAtMs }));
  const opened = { provider: 'cube', id: 's_1', expiresAtMs };
  await store.record(opened, { digests: ['other', 'sid'], subject: 'ada' });
  await store.signOut(marks, 'ada');
  await store.remember([{ digest: 'heard', expiresAtMs }]);
  for (const digest of ['token', 'jti', 'sid', 'heard']) {
    expect(await store.has(['another', 'one', digest])).toBe(true);
  }
  expect(await store.has(['another', 'one', 'other'])).toBe(false);
  expect(await store.claim(10)).toEqual([opened]);
  await store.done(opened);
  for (const server of servers) expect(await server.ask('ACL', 'LOG')).toEqual([]);
}, 60_000);

test('who wants to know is told when a replica took over', async () => {
  const { servers, masterOf, stop } = await startCluster();
  onTestFinished(stop);
  const client = await ready(connectRedis({ cluster: servers.map(url) }));
  let begun = 0;
  onServer(client, () => (begun += 1));
  const { decide } = asker(createRedisStore(client));
  const granted = async (): Promise<string | undefined> => (await decide().catch(() => undefined))?.kind;
  expect(await granted()).toBe('granted');
  await (await masterOf(keyPrefix)).kill();
  const before = begun;
  await expect.poll(granted, { timeout: 15_000 }).toBe('granted');
  await expect.poll(() => begun).toBeGreaterThan(before);
}, 60_000);
