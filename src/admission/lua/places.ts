import { queueLengthMax } from '../bounds.ts';

/** Further than this neither virtual time nor rounds get; both are exact up to it. */
const clockMax = 1e12;

/** The largest step of virtual time: of the smallest weight that a configuration may allow. */
const stepMax = 100;

/** Places as Redis holds them, and the clock of their queue. */
export const luaPlaces = `
-- a queue of which Redis lost a part, or that is none of ours, starts anew: callers ask again, and join it
local function mend()
  local length, away, hands = readAs('ZCARD', queue), readAs('ZCARD', absent), readAs('HLEN', clock)
  local isWhole = length and away and hands
    and length <= ${queueLengthMax} and away <= length and (hands > 0) == (length > 0)
    and readAs('ZCARD', leases) == length and readAs('HLEN', places) == length
  if not isWhole then redis.call('DEL', queue, leases, places, clock, absent) end
end

-- no place is kept for longer than a wait can be
local function mendLeases(longest)
  local latest = whole(now + longest)
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', leases, '(' .. latest, '+inf')) do
    redis.call('ZADD', leases, latest, member)
  end
end

local function clockOf(field) return numberIn(redis.call('HGET', clock, field), 0, ${clockMax}, 0) end

local function raiseClock(field, number)
  if number > clockOf(field) then redis.call('HSET', clock, field, exact(number)) end
end

local function virtualTime() return clockOf('v') end

local function lastFinishOf(tenant)
  return math.min(clockOf('f:' .. tenant), virtualTime() + ${stepMax} * (redis.call('ZCARD', queue) + 1))
end

local function countOf(owner)
  return math.floor(math.min(clockOf('o:' .. owner), redis.call('ZCARD', queue)))
end

local function finishIn(score) return numberIn(score, 0, ${clockMax}, 0) end

local function ticketOf(member) return member:match(':(.*)$') or member end

local function tenantIn(text) return text and text:match('^[^|]*|[^|]*|([^|]*)') or '' end

-- one that cannot be read is a place of nobody, until its lease ends
local function readPlace(member, text)
  local _, owner, tenant, weight, joined, round, embed =
    (text or ''):match('^([^|]*)|([^|]*)|([^|]*)|([^|]*)|([^|]*)|([^|]*)|(.*)$')
  return {
    ticket = ticketOf(member), member = member, owner = owner or '', tenant = tenantIn(text), embed = embed,
    weight = numberIn(weight, 1 / ${stepMax}, 1000, 1), joined = finishIn(joined),
    round = math.floor(numberIn(round, 0, ${clockMax}, 0)),
  }
end

local function writePlace(place)
  local fields = {
    place.member, place.owner, place.tenant, exact(place.weight), exact(place.joined), whole(place.round), place.embed,
  }
  redis.call('HSET', places, place.ticket, table.concat(fields, '|'))
end

local function placeOf(ticket)
  local text = redis.call('HGET', places, ticket)
  local member = text and text:match('^[^|]*')
  if not member or ticketOf(member) ~= ticket or not redis.call('ZSCORE', queue, member) then return nil end
  return readPlace(member, text)
end

local function remove(place)
  local left = countOf(place.owner) - 1
  redis.call('ZREM', queue, place.member)
  redis.call('ZREM', leases, place.member)
  redis.call('ZREM', absent, place.member)
  redis.call('HDEL', places, place.ticket)
  if left > 0 then
    redis.call('HSET', clock, 'o:' .. place.owner, whole(left))
  else
    redis.call('HDEL', clock, 'o:' .. place.owner)
  end
  if redis.call('ZCARD', queue) == 0 then redis.call('DEL', clock) end
end

-- the places of some tenants up to a rank, in order
local function placesOf(tenants, rank)
  local found, known = {}, {}
  local stored = rank == -1 and redis.call('HGETALL', places) or {}
  for index = 1, #stored, 2 do known[stored[index]] = stored[index + 1] end
  local line = redis.call('ZRANGE', queue, 0, rank, 'WITHSCORES')
  for index = 1, #line, 2 do
    local member = line[index]
    local text = known[ticketOf(member)] or redis.call('HGET', places, ticketOf(member))
    -- few are read in full: that is what a pass costs most
    if tenants[tenantIn(text)] then
      local place = readPlace(member, text)
      place.finish, place.stored = finishIn(line[index + 1]), tonumber(line[index + 1])
      found[#found + 1] = place
    end
  end
  return found
end

local function writeTurns(own)
  for _, place in ipairs(own) do
    if place.finish ~= place.stored then redis.call('ZADD', queue, exact(place.finish), place.member) end
  end
end
`;
