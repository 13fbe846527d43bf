import { expect, onTestFinished, test } from 'vitest';
import { createRedisStore } from '../../src/admission/redis.ts';
import { Secret } from '../../src/config/secret.ts';
import { connectRedis, waitUntilReady, type RedisClient } from '../../src/redis/connect.ts';
import { asker, policy, wide } from '../admission/support.ts';
import { startCluster, startSentinels } from '../support/redis-topologies.ts';

const url = ({ port }: { readonly port: number }): Secret => new Secret(`redis://127.0.0.1:${port}`);

async function ready(client: RedisClient): Promise<RedisClient> {
  client.on('error', () => undefined);
  onTestFinished(() => {
    client.disconnect();
  });
  expect(await waitUntilReady(client, 10_000)).toBe(true);
  return client;
}

/** Counts in the store as before, and goes on counting after its master has died. */
async function countsThroughFailover(client: RedisClient, killMaster: () => Promise<void>): Promise<void> {
  const { decide, settle } = asker(createRedisStore(client), { ...wide, max: 4 });
  const window = policy({ max: 100 });
  expect((await decide([window, policy({ perMs: 1000 })], 'first')).kind).toBe('granted');
  await settle('first');
  expect((await decide([window])).kind).toBe('granted');
  await killMaster();
  await expect
    .poll(async () => (await decide([window]).catch(() => undefined))?.kind, {
      timeout: 15_000,
      interval: 200,
    })
    .toBe('granted');
}

test('a Cluster runs every script, since all keys of a call lie in one slot', async () => {
  const { servers, stop } = await startCluster();
  onTestFinished(stop);
  const client = await ready(connectRedis({ cluster: servers.slice(0, 2).map(url) }));
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
}, 60_000);

test('a master is found through its sentinels, and the next one when it has died', async () => {
  const { servers, stop } = await startSentinels('main');
  onTestFinished(stop);
  const [master, , ...sentinels] = servers;
  const client = await ready(connectRedis({ sentinel: { name: 'main', urls: sentinels.map(url) } }));
  await countsThroughFailover(client, async () => {
    await master?.kill('SIGKILL');
  });
}, 60_000);
