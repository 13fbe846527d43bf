import { scriptArguments } from '../../redis/script-arguments.ts';
import { luaKeys } from './keys.ts';
import { luaPlaces } from './places.ts';

/**
 * The queue: weighted fair by tenant. As queue.ts keeps it in a process.
 *
 * @see queue.ts
 */
export const luaQueue = `
${luaPlaces}

-- gives places up, as if they had never been taken: what their tenants asked for later moves up
local function leave(members)
  if #members == redis.call('ZCARD', queue) then return redis.call('DEL', queue, leases, places, clock, absent) end
  local leaving, tenants, last, staying, gone = {}, {}, {}, {}, {}
  for _, member in ipairs(members) do
    leaving[member] = true
    tenants[tenantIn(redis.call('HGET', places, ticketOf(member)))] = true
  end
  local own = placesOf(tenants, -1)
  for _, place in ipairs(own) do
    local tenant, finish = place.tenant, place.finish
    if leaving[place.member] then
      gone[#gone + 1] = place
      last[tenant] = last[tenant] or math.max(staying[tenant] or 0, finish - 1 / place.weight)
    else
      -- it may have the turn of one that joined earlier: it moves up, never back
      local earliest = last[tenant] and math.max(place.joined, last[tenant]) + 1 / place.weight
      place.finish = math.min(finish, earliest or finish)
      last[tenant] = last[tenant] and place.finish
      staying[tenant] = place.finish
    end
  end
  writeTurns(own)
  for tenant, finish in pairs(last) do redis.call('HSET', clock, 'f:' .. tenant, exact(finish)) end
  for _, place in ipairs(gone) do remove(place) end
end

local function leaveAbandoned()
  local abandoned = redis.call('ZRANGEBYSCORE', leases, '-inf', now)
  if #abandoned == 0 then return end
  leave(abandoned)
  redis.call('ZREMRANGEBYSCORE', leases, '-inf', now)
end

local function finishOfNext(tenant, weight)
  return math.max(virtualTime(), lastFinishOf(tenant)) + 1 / weight
end

local function roundOfNext(owner, tenant) return clockOf('r:' .. tenant) + countOf(owner) + 1 end

local function hasPassed()
  local first = redis.call('ZRANGE', queue, 0, 0, 'WITHSCORES')[2]
  return first and tonumber(first) < virtualTime()
end

-- turns that a tenant let pass start from now: whoever takes them has no credit of them
local function renewTurns(tenant, own)
  local before
  for _, one in ipairs(own) do
    before = math.max(one.finish, before and before + 1 / one.weight or virtualTime())
    one.finish = before
  end
  if before then raiseClock('f:' .. tenant, before) end
end

-- gives a tenant's turns to its places by their rounds
local function takeTurns(own)
  local turns = {}
  for index, place in ipairs(own) do turns[index] = place.finish end
  table.sort(turns)
  table.sort(own, function(a, b)
    if a.round ~= b.round then return a.round < b.round end
    return a.member < b.member
  end)
  for index, place in ipairs(own) do place.finish = turns[index] end
end

-- the tenant's places, when its last has a later round; the latest is kept so that few have to look
local function placesPassed(round, tenant)
  if clockOf('m:' .. tenant) <= round then return nil end
  local own = placesOf({ [tenant] = true }, -1)
  local latest = own[1] and own[#own].round or 0
  redis.call('HSET', clock, 'm:' .. tenant, whole(latest))
  return latest > round and own or nil
end

-- the place that would be last if a request joined; nil when that is the request itself
local function lastBehind(owner, tenant, weight)
  local last = redis.call('ZREVRANGE', queue, 0, 0, 'WITHSCORES')
  if not last[1] then return nil end
  if finishOfNext(tenant, weight) < tonumber(last[2]) then return last[1] end
  local own = placesPassed(roundOfNext(owner, tenant), tenant)
  return own and own[#own].member
end

-- an owner has so many places and no more; when the queue is full, the place that would then be last
-- gives way
local function makeRoom(owner, most, longest, tenant, weight)
  if countOf(owner) >= most then return false end
  if redis.call('ZCARD', queue) < longest then return true end
  local last = lastBehind(owner, tenant, weight)
  if not last then return false end
  leave({ last })
  return true
end

local function join(ticket, owner, embed, tenant, weight)
  local round = roundOfNext(owner, tenant)
  local passed = placesPassed(round, tenant)
  if passed and hasPassed() then renewTurns(tenant, passed) end
  local finish = finishOfNext(tenant, weight)
  local arrival = math.floor(clockOf('n')) + 1
  local member = string.format('%012.0f:%s', arrival, ticket)
  local place = {
    ticket = ticket, member = member, owner = owner, embed = embed, tenant = tenant,
    weight = weight, joined = virtualTime(), round = round, finish = finish, stored = finish,
  }
  redis.call('HSET', clock, 'f:' .. tenant, exact(finish))
  raiseClock('m:' .. tenant, round)
  redis.call('HSET', clock, 'n', whole(arrival), 'o:' .. owner, whole(countOf(owner) + 1))
  redis.call('ZADD', queue, exact(finish), member)
  writePlace(place)
  if passed then
    passed[#passed + 1] = place
    takeTurns(passed)
    writeTurns(passed)
  end
  return place
end

-- an absent caller holds up those behind it only around the moment at which it was told to be back
local function isServed(rank, free, around)
  if free <= 0 or rank < free then return rank < free end
  local ahead = 0
  for _, member in ipairs(redis.call('ZRANGE', queue, 0, rank - 1)) do
    local back = tonumber(redis.call('ZSCORE', absent, member) or now)
    if math.abs(back - now) <= around then ahead = ahead + 1 end
    if ahead >= free then return false end
  end
  return true
end

-- takes the place out because it is served: virtual time goes on. It is its tenant's first turn that is
-- taken, whichever of its places is here for it; those that it was served past get the later ones
local function serve(place, rank)
  local turn = finishIn(redis.call('ZSCORE', queue, place.member))
  local ahead, round = rank > 0 and placesOf({ [place.tenant] = true }, rank - 1) or {}, place.round
  for index = #ahead, 1, -1 do
    if ahead[index].owner == place.owner then round = ahead[index].round end
    redis.call('ZADD', queue, exact(turn), ahead[index].member)
    turn = ahead[index].finish
  end
  raiseClock('r:' .. place.tenant, round)
  raiseClock('v', turn)
  remove(place)
end

-- likewise for the rounds that an owner let pass, but for its first
local function renewRounds(place, own)
  local before, isFirst = clockOf('r:' .. place.tenant), true
  for _, one in ipairs(own) do
    if one.owner == place.owner and not isFirst then
      before = math.max(one.round, before + 1)
      one.round = before
      writePlace(one)
    end
    isFirst = isFirst and one.owner ~= place.owner
  end
  raiseClock('m:' .. place.tenant, before)
  takeTurns(own)
end

-- an absent caller is back. What its tenant let pass is no credit: of its places only the first may
-- still be served as if it had never been away; and likewise of its owner's
local function comeBack(place)
  if redis.call('ZREM', absent, place.member) == 0 then return end
  local isBehind = place.round <= clockOf('r:' .. place.tenant) and countOf(place.owner) > 1
  local isPast = hasPassed()
  if not isBehind and not isPast then return end
  local own = placesOf({ [place.tenant] = true }, -1)
  if isBehind then renewRounds(place, own) end
  if isPast then renewTurns(place.tenant, own) end
  writeTurns(own)
end

-- keeps the place: shortly while its caller waits, else until the caller was told to be back
local function keep(place, lease, backAt, per)
  redis.call('ZADD', leases, now + lease, place.member)
  if backAt then redis.call('ZADD', absent, backAt, place.member) end
  for _, key in ipairs({ queue, leases, places, clock, absent }) do keepFor(key, lease + per) end
end
`;

export const leaveArguments = scriptArguments({ ticket: 'text', owner: 'text' });

/** Gives a place in the queue up. KEYS: the provider's. */
export const leaveScript = `
${luaKeys}
${luaQueue}
${leaveArguments.lua}
mend()
local place = placeOf(ticket)
if place and place.owner == owner then leave({ place.member }) end
return 1
`;
