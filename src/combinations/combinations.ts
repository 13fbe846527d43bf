import { LRUCache } from 'lru-cache';
import type { CombinationMint, Combinations } from '../gateway/combination.ts';
import { createCircuit, type Circuit } from '../redis/circuit.ts';
import { keyPrefix, type RedisClient } from '../redis/connect.ts';
import { luaReading } from '../redis/lua-reading.ts';
import { defineScript, type Script } from '../redis/define-script.ts';

const combinationsMax = 10_000;
const tenantsMax = 100;
/** The longest freshness that a configuration may name; what is kept for longer, or for ever, is none of ours. */
const freshnessMsMax = 2_678_400_000;

/**
 * KEYS: the combination, a hash of its `embed`, `first` and `last` mint (milliseconds) and their
 * `count`; and a set of its tenants' digests. ARGV: embed, tenant, freshness, the most tenants kept.
 */
const recordScript = `
${luaReading}
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
dropUnless('HLEN', KEYS[1])
dropUnless('SCARD', KEYS[2])
redis.call('HSETNX', KEYS[1], 'first', whole(now))
local first = numberIn(redis.call('HGET', KEYS[1], 'first'), 0, now, now)
local count = math.floor(numberIn(redis.call('HGET', KEYS[1], 'count'), 0, 2 ^ 52, 0)) + 1
redis.call('HSET', KEYS[1], 'first', whole(first), 'last', whole(now), 'count', whole(count), 'embed', ARGV[1])
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
      return circuit(() => client.pttl(keysOf(key)[0])).then(
        (ms) => ms > 0 && ms <= freshnessMsMax,
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
