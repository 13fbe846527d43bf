import { LRUCache } from 'lru-cache';
import type { CombinationMint, Combinations } from '../gateway/combination.ts';
import { keyPrefix, type RedisClient } from '../redis/connect.ts';

/** What is remembered of one combination while it is fresh. */
export interface CombinationRecord {
  readonly firstMintMs: number;
  readonly lastMintMs: number;
  readonly count: number;
  /** Digests of tenants, the first 100. */
  readonly tenants: ReadonlySet<string>;
}

const combinationsMax = 10_000;
const tenantsMax = 100;

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
export function createCombinations(client?: RedisClient): Combinations {
  const local = new LRUCache<string, CombinationRecord>({ max: combinationsMax });
  client?.defineCommand('recordCombination', { numberOfKeys: 2, lua: recordScript });

  function recordLocally({ key, tenant, freshnessMs }: CombinationMint): void {
    const known = local.get(key);
    const nowMs = Date.now();
    const tenants = new Set([...(known?.tenants ?? []), tenant].slice(0, tenantsMax));
    const count = (known?.count ?? 0) + 1;
    local.set(
      key,
      { firstMintMs: known?.firstMintMs ?? nowMs, lastMintMs: nowMs, count, tenants },
      { ttl: freshnessMs },
    );
  }

  async function recordShared({ key, embed, tenant, freshnessMs }: CombinationMint): Promise<void> {
    if (!client) return;
    const command: unknown = Reflect.get(client, 'recordCombination');
    if (typeof command !== 'function') return;
    await Reflect.apply(command, client, [...keysOf(key), embed, tenant, freshnessMs, tenantsMax]);
  }

  return {
    isWarm: async (key) => {
      if (local.has(key)) return true;
      if (!client) return false;
      try {
        return (await client.exists(keysOf(key)[0])) === 1;
      } catch {
        return false;
      }
    },
    record: (mint) => {
      recordLocally(mint);
      recordShared(mint).catch(() => undefined);
    },
  };
}

function keysOf(key: string): [string, string] {
  return [`${keyPrefix}:combination:${key}`, `${keyPrefix}:combination-tenants:${key}`];
}
