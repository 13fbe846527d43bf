import { expect, onTestFinished, test } from 'vitest';
import { createCombinations } from '../../src/combinations/combinations.ts';
import { Secret } from '../../src/config/secret.ts';
import type { VerifiedSession } from '../../src/gateway/session.ts';
import { createCircuit } from '../../src/redis/circuit.ts';
import { connectRedis, waitUntilReady, type RedisClient } from '../../src/redis/connect.ts';
import { createRedisSignOutStore } from '../../src/sign-out/redis.ts';
import { createSignOuts } from '../../src/sign-out/sign-outs.ts';
import { startRedis } from '../support/redis.ts';

const circuit = createCircuit();

const session: VerifiedSession = {
  ...{ issuer: 'x', tenant: 'acme', user: 'ada', claims: new Map() },
  token: { digest: 'digest', expiresAtMs: Date.now() + 60_000 },
};

/** Notes something by a name, in Redis. */
type Note = (name: string) => void;

function combinations(client: RedisClient): Note {
  const cache = createCombinations(client, circuit);
  return (key) => {
    cache.record({ key, embed: 'sales', tenant: 'acme', freshnessMs: 60_000 });
  };
}

function openSessions(client: RedisClient): Note {
  const shared = createRedisSignOutStore(client);
  const signOuts = createSignOuts({ shared, whenDown: 'local', circuit, onDue: () => undefined });
  return (id) => {
    const user = { ...session, user: id };
    signOuts.record(user, { provider: 'cube', id, expiresAtMs: Date.now() + 60_000 });
  };
}

test.each<[string, (client: RedisClient) => Note]>([
  ['combinations', combinations],
  ['open sessions', openSessions],
])(
  'nothing of %s is written to a Redis that is known not to answer, until it is asked again',
  { timeout: 60_000 },
  async (_, notes) => {
    const redis = await startRedis();
    onTestFinished(() => redis.stop());
    const client = connectRedis({ url: new Secret(redis.url) });
    client.on('error', () => undefined);
    onTestFinished(() => {
      client.disconnect();
    });
    await waitUntilReady(client, 5000);
    const note = notes(client);
    const keys = async (): Promise<number> => (await client.keys('*')).length;

    note('one');
    await expect.poll(keys, { timeout: 5000 }).toBeGreaterThan(0);
    const before = await keys();
    for (let failure = 0; failure < 3; failure += 1) {
      await circuit(() => Promise.reject(new Error('no answer'))).catch(() => undefined);
    }
    note('two');
    expect(await keys()).toBe(before);
    const askAgain = expect.poll(() => circuit(() => client.ping()), { timeout: 10_000 });
    await askAgain.toBe('PONG');
    note('three');
    await expect.poll(keys, { timeout: 5000 }).toBe(2 * before);
  },
);
