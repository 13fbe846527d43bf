import { LRUCache } from 'lru-cache';
import type { CombinationMint, Combinations } from '../gateway/combination.ts';
import { createCircuit, type Circuit } from '../redis/circuit.ts';
import { keyPrefix, type RedisClient } from '../redis/connect.ts';
import { defineScript, type Script } from '../redis/define-script.ts';

const combinationsMax = 10_000;
const tenantsMax = 100;

/**
 * KEYS: the combination, a hash of its `embed`, `first` and `last` mint (milliseconds) and their
 * `count`; and a set of its tenants' digests. ARGV: embed, tenant, freshness, the most tenants kept.
 */
const recordScript = `
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
redis.call('HSETNX', KEYS[1], 'first', now)
redis.call('HSET', KEYS[1], 'last', now, 'embed', ARGV[1])
redis.call('HINCRBY', KEYS[1], 'count', 1)
if redis.call('SCARD', KEYS[2]) < tonumber(ARGV[4]) then redis.call('SADD', KEYS[2], ARGV[2]) end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('PEXPIRE', KEYS[2], ARGV[3])
return 1
`;

/**
 * The combination cache: in this process for the 10,000 combinations minted last, and in Redis for
 * all replicas. An entry is gone when its freshness has passed since its last mint. It holds keys and
 * counts, never a URL or an attribute.
 *
 * @param client left out: this process alone
 */
export function createCombinations(client?: RedisClient, circuit: Circuit = createCircuit()): Combinations {
  const fresh = new LRUCache<string, true>({ max: combinationsMax });
  const recordShared: Script | undefined = client && defineScript(client, 'recordCombination', recordScript);

  return {
    isWarm: async (key) => {
      if (fresh.has(key)) return true;
      if (!client) return false;
      return circuit(() => client.exists(keysOf(key)[0])).then(
        (found) => found === 1,
        () => false,
      );
    },
    record: ({ key, embed, tenant, freshnessMs }: CombinationMint) => {
      fresh.set(key, true, { ttl: freshnessMs });
      if (!recordShared) return;
      const values = [embed, tenant, freshnessMs, tenantsMax];
      circuit(() => recordShared(keysOf(key), values)).catch(() => undefined);
    },
  };
}

function keysOf(key: string): [string, string] {
  return [`${keyPrefix}:combination:${key}`, `${keyPrefix}:combination-tenants:${key}`];
}
