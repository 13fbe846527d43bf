import { heededMsMax } from '../../gateway/admission.ts';
import { scriptArguments } from '../../redis/script-arguments.ts';
import { luaKeys } from './keys.ts';

/** More slots than this above a budget are not explained by a budget that was lowered. */
const slotsBeyond = 1000;

/** What all scripts read of a budget. Needs `callMax` and `per` of it. */
const luaHeld = `
local function writeHeeded(heededUntil, left)
  redis.call('HSET', heeded, 'until', whole(heededUntil), 'left', whole(left))
  redis.call('PEXPIREAT', heeded, whole(heededUntil))
end

-- what the provider said: until when, and how much is left
local function readHeeded(max)
  dropUnless('HLEN', heeded)
  local said = redis.call('HMGET', heeded, 'until', 'left')
  if not said[1] then return 0, 0 end
  local heededUntil = numberIn(said[1], 0, now + math.max(${heededMsMax}, callMax + per), 0)
  local left = math.floor(numberIn(said[2], 0, max, 0))
  if heededUntil > now and (said[1] ~= whole(heededUntil) or said[2] ~= whole(left)) then
    writeHeeded(heededUntil, left)
  end
  return heededUntil, left
end

-- slots that cannot be read may be all there are: for one window
local function mendSlots()
  if not dropUnless('ZCARD', slots) then return end
  writeHeeded(math.max(readHeeded(0), now + callMax + per), 0)
end

local function averageCall(otherwise)
  dropUnless('GET', pace)
  return numberIn(redis.call('GET', pace), 0, callMax, otherwise)
end
`;

/**
 * The slots in a provider's budget. As slots.ts counts in a process, but for what it knows of others.
 *
 * Needs `max`, `per` and `callMax` of the budget.
 *
 * @see slots.ts
 */
export const luaBudget = `
${luaHeld}
mendSlots()
redis.call('ZREMRANGEBYSCORE', slots, '-inf', now)
if redis.call('ZCARD', slots) > max + ${slotsBeyond} then
  redis.call('ZREMRANGEBYRANK', slots, 0, whole(-max - 1))
end
local function shorten()
  local latest = whole(now + callMax + per)
  for _, slot in ipairs(redis.call('ZRANGEBYSCORE', slots, '(' .. latest, '+inf')) do
    redis.call('ZADD', slots, latest, slot)
  end
end
shorten()
local taken = redis.call('ZCARD', slots)
local heededUntil, left = readHeeded(max)
local unheeded = max - taken
local free = unheeded
if heededUntil > now then free = math.min(free, left) end

-- the moment from which the place at a rank is served, if nobody else arrives
local function servedAt(rank)
  if rank < free then return now end
  local needed = rank - unheeded
  if needed < 0 then return heededUntil end
  local average = averageCall(0)
  local index, rounds = needed % max, math.floor(needed / max)
  local freed = now + average + per
  if index < taken then
    freed = tonumber(redis.call('ZRANGE', slots, index, index, 'WITHSCORES')[2])
    -- a call under way holds its slot up to its deadline; it will end earlier
    if freed > now + per then freed = math.max(now + per, freed - callMax + average) end
  end
  return math.max(heededUntil, freed + rounds * (per + average))
end

-- the longest wait that servedAt gives to one of so many
local function longestWait(length)
  local rounds = math.floor(length / max) + 2
  return math.max(${heededMsMax}, rounds * (callMax + per))
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
${luaHeld}
mendSlots()
if unsent == 1 then return redis.call('ZREM', slots, slot) end
local held = tonumber(redis.call('ZSCORE', slots, slot))
if held and held > now then
  local took = math.min(callMax, math.max(0, now - (held - callMax - per)))
  local average = averageCall(took)
  redis.call('SET', pace, exact(average + (took - average) / 5), 'PX', whole(per + ${paceKeptMs}))
end
redis.call('ZADD', slots, now + per, slot)
keepFor(slots, per)
return 1
`;

export const heedArguments = scriptArguments({
  max: 'number',
  per: 'number',
  callMax: 'number',
  remaining: 'number',
  lasts: 'number',
});

/**
 * Heeds a provider that says less is left than counted here: no more than that is granted until the
 * moment it names. KEYS: the provider's.
 */
export const heedScript = `
${luaKeys}
${heedArguments.lua}
${luaHeld}
mendSlots()
redis.call('ZREMRANGEBYSCORE', slots, '-inf', now)
local heededUntil, left = readHeeded(max)
if remaining > 0 and remaining >= max - redis.call('ZCARD', slots) then return 0 end
writeHeeded(math.max(now + lasts, heededUntil), heededUntil > now and math.min(left, remaining) or remaining)
return 1
`;

/**
 * What is taken of the budget. KEYS: the provider's. Returns a slot and for how long it is still taken,
 * again and again.
 */
export const liveScript = `
${luaKeys}
if readAs('ZCARD', slots) == nil then return {} end
local live = redis.call('ZRANGEBYSCORE', slots, string.format('(%.0f', now), '+inf', 'WITHSCORES')
for index = 2, #live, 2 do live[index] = whole(math.min(tonumber(live[index]) - now, 2 ^ 53)) end
return live
`;

export const restoreArguments = scriptArguments({ per: 'number', callMax: 'number' });

/**
 * Takes slots that were granted before this Redis knew of them. KEYS: the provider's. Behind the budget
 * stand a slot and for how long it is still taken, again and again.
 */
export const restoreScript = `
${luaKeys}
${restoreArguments.lua}
${luaHeld}
mendSlots()
for index = ${restoreArguments.count + 1}, #ARGV, 2 do
  local lasts = numberIn(ARGV[index + 1], 0, callMax + per, callMax + per)
  redis.call('ZADD', slots, 'NX', whole(now + lasts), ARGV[index])
  keepFor(slots, lasts)
end
return 1
`;
