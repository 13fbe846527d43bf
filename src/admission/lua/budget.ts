import { scriptArguments } from '../../redis/script-arguments.ts';
import { luaKeys } from './keys.ts';

/**
 * The slots in a provider's budget. As slots.ts counts in a process, but for what it knows of others.
 *
 * Needs `max`, `per` and `callMax` of the budget.
 *
 * @see slots.ts
 */
export const luaBudget = `
redis.call('ZREMRANGEBYSCORE', slots, '-inf', now)
local taken = redis.call('ZCARD', slots)
local said = redis.call('HMGET', heeded, 'until', 'left')
local heededUntil = tonumber(said[1] or 0)
local unheeded = max - taken
local free = unheeded
if heededUntil > now then free = math.min(free, tonumber(said[2])) end

-- the moment from which the place at a rank is served, if nobody else arrives
local function servedAt(rank)
  if rank < free then return now end
  local needed = rank - unheeded
  if needed < 0 then return heededUntil end
  local average = tonumber(redis.call('GET', pace) or 0)
  local index, rounds = needed % max, math.floor(needed / max)
  local freed = now + average + per
  if index < taken then
    freed = tonumber(redis.call('ZRANGE', slots, index, index, 'WITHSCORES')[2])
    -- a call under way holds its slot up to its deadline; it will end earlier
    if freed > now + per then freed = math.max(now + per, freed - callMax + average) end
  end
  return math.max(heededUntil, freed + rounds * (per + average))
end

local function takeSlot(slot)
  if heededUntil > now then redis.call('HINCRBY', heeded, 'left', -1) end
  redis.call('ZADD', slots, now + callMax + per, slot)
  keepFor(slots, callMax + per)
end
`;

/** After an hour without a call its usual length is asked anew. */
const paceKeptMs = 3_600_000;

export const settleArguments = scriptArguments({
  slot: 'text',
  per: 'number',
  callMax: 'number',
  unsent: 'number',
});

/** Ends a slot. `unsent` is 1 when no call was made: then it is free at once. KEYS: the provider's. */
export const settleScript = `
${luaKeys}
${settleArguments.lua}
if unsent == 1 then return redis.call('ZREM', slots, slot) end
local held = tonumber(redis.call('ZSCORE', slots, slot))
if held and held > now then
  local took = math.max(0, now - (held - callMax - per))
  local average = tonumber(redis.call('GET', pace) or took)
  redis.call('SET', pace, exact(average + (took - average) / 5), 'PX', whole(per + ${paceKeptMs}))
end
redis.call('ZADD', slots, now + per, slot)
keepFor(slots, per)
return 1
`;

export const heedArguments = scriptArguments({ max: 'number', left: 'number', lasts: 'number' });

/**
 * Heeds a provider that says less is left than counted here: no more than that is granted until the
 * moment it names. KEYS: the provider's.
 */
export const heedScript = `
${luaKeys}
${heedArguments.lua}
redis.call('ZREMRANGEBYSCORE', slots, '-inf', now)
local said = redis.call('HMGET', heeded, 'until', 'left')
local stands = tonumber(said[1] or 0) > now
if left > 0 and left >= max - redis.call('ZCARD', slots) then return 0 end
if stands then left = math.min(left, tonumber(said[2])) end
redis.call('HSET', heeded, 'until', whole(math.max(now + lasts, tonumber(said[1] or 0))), 'left', left)
redis.call('PEXPIREAT', heeded, redis.call('HGET', heeded, 'until'))
return 1
`;

/**
 * What is taken of the budget. KEYS: the provider's. Returns a slot and for how long it is still taken,
 * again and again.
 */
export const liveScript = `
${luaKeys}
local live = redis.call('ZRANGEBYSCORE', slots, string.format('(%.0f', now), '+inf', 'WITHSCORES')
for index = 2, #live, 2 do live[index] = whole(tonumber(live[index]) - now) end
return live
`;

/**
 * Takes slots that were granted before this Redis knew of them. KEYS: the provider's. ARGV: a slot and
 * for how long it is still taken, again and again.
 */
export const restoreScript = `
${luaKeys}
for index = 1, #ARGV, 2 do
  local lasts = tonumber(ARGV[index + 1])
  redis.call('ZADD', slots, 'NX', now + lasts, ARGV[index])
  keepFor(slots, lasts)
end
return 1
`;
