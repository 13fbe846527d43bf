import { keyPrefix } from '../../redis/connect.ts';
import { luaReading } from '../../redis/lua-reading.ts';

/**
 * The keys of a provider, in the order in which they end KEYS:
 *
 * - slots: sorted set, a call → the moment its slot in the budget is freed
 * - queue: sorted set, a member (`arrival:ticket`) → its virtual finish
 * - leases: sorted set, a member → the moment its place in the queue is given up
 * - places: hash, a ticket → its place
 * - clock: hash, the queue's virtual time `v`, arrivals `n`, each tenant's last finish `f:tenant`, the round
 *   it is in `r:tenant` and none of its places' rounds is later than `m:tenant`, each owner's number of
 *   places `o:owner`
 * - pace: the average length of a call
 * - heeded: hash, what the provider said is `left` and `until` when
 * - absent: sorted set, a member whose caller was told to come back → the moment it was told
 */
const names = ['slots', 'queue', 'leases', 'places', 'clock', 'pace', 'heeded', 'absent'];

export function providerKeys(provider: string): readonly string[] {
  return names.map((name) => `${keyPrefix}:${name}:${provider}`);
}

/** Names the keys, and the time: Redis's own, in milliseconds, so that replicas need no common clock. */
export const luaKeys = `
${names.map((name, index) => `local ${name} = KEYS[#KEYS - ${names.length - 1 - index}]`).join('\n')}
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

${luaReading}
local function exact(number) return string.format('%.17g', number) end

local function keepFor(key, ms)
  if redis.call('PTTL', key) < ms then redis.call('PEXPIRE', key, math.ceil(ms)) end
end
`;
