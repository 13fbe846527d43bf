import { scriptArguments } from '../../redis/script-arguments.ts';
import { luaKeys } from './keys.ts';

/**
 * The queue: weighted fair by tenant. As queue.ts keeps it in a process.
 *
 * @see queue.ts
 */
export const luaQueue = `
local function ticketOf(member) return member:match(':(.*)$') end

local function readPlace(ticket, text)
  if not text then return nil end
  local member, owner, tenant, weight, joined = text:match('^(.-)|(.-)|(.-)|(.-)|(.-)$')
  return {
    ticket = ticket, member = member, owner = owner, tenant = tenant,
    weight = tonumber(weight), joined = tonumber(joined),
  }
end

local function placeOf(ticket) return readPlace(ticket, redis.call('HGET', places, ticket)) end

local function remove(place)
  redis.call('ZREM', queue, place.member)
  redis.call('ZREM', leases, place.member)
  redis.call('ZREM', absent, place.member)
  redis.call('HDEL', places, place.ticket)
  if redis.call('HINCRBY', clock, 'o:' .. place.owner, -1) <= 0 then
    redis.call('HDEL', clock, 'o:' .. place.owner)
  end
  if redis.call('ZCARD', queue) == 0 then redis.call('DEL', clock) end
end

-- gives places up, as if they had never been taken: what their tenants asked for later moves up
local function leave(members)
  local leaving, known, last, gone = {}, {}, {}, {}
  for _, member in ipairs(members) do leaving[member] = true end
  local stored = redis.call('HGETALL', places)
  for index = 1, #stored, 2 do known[stored[index]] = stored[index + 1] end
  local line = redis.call('ZRANGE', queue, 0, -1, 'WITHSCORES')
  for index = 1, #line, 2 do
    local member, finish = line[index], tonumber(line[index + 1])
    local place = readPlace(ticketOf(member), known[ticketOf(member)])
    local tenant = place.tenant
    if leaving[member] then
      gone[#gone + 1] = place
      last[tenant] = last[tenant] or finish - 1 / place.weight
    elseif last[tenant] then
      last[tenant] = math.max(place.joined, last[tenant]) + 1 / place.weight
      if last[tenant] ~= finish then redis.call('ZADD', queue, exact(last[tenant]), member) end
    end
  end
  for tenant, finish in pairs(last) do redis.call('HSET', clock, 'f:' .. tenant, exact(finish)) end
  for _, place in ipairs(gone) do remove(place) end
end

local function leaveAbandoned()
  local abandoned = redis.call('ZRANGEBYSCORE', leases, '-inf', now)
  if #abandoned > 0 then leave(abandoned) end
end

-- a queue of which Redis evicted a part starts anew: whoever waits asks again, and joins it
local function mend()
  local length = redis.call('ZCARD', queue)
  if redis.call('ZCARD', leases) == length and redis.call('HLEN', places) == length then return end
  redis.call('DEL', queue, leases, places, clock, absent)
end

local function virtualTime() return tonumber(redis.call('HGET', clock, 'v') or 0) end

local function finishOfNext(tenant, weight)
  local last = tonumber(redis.call('HGET', clock, 'f:' .. tenant) or 0)
  return math.max(virtualTime(), last) + 1 / weight
end

-- an owner has so many places and no more; a full queue gives up its last place to whoever would be
-- served before it
local function makeRoom(owner, most, longest, tenant, weight)
  if tonumber(redis.call('HGET', clock, 'o:' .. owner) or 0) >= most then return false end
  if redis.call('ZCARD', queue) < longest then return true end
  local last = redis.call('ZREVRANGE', queue, 0, 0, 'WITHSCORES')
  if not last[2] or finishOfNext(tenant, weight) >= tonumber(last[2]) then return false end
  leave({ last[1] })
  return true
end

local function join(ticket, owner, tenant, weight)
  local finish = finishOfNext(tenant, weight)
  local member = string.format('%012.0f:%s', redis.call('HINCRBY', clock, 'n', 1), ticket)
  redis.call('HSET', clock, 'f:' .. tenant, exact(finish))
  redis.call('HINCRBY', clock, 'o:' .. owner, 1)
  redis.call('ZADD', queue, exact(finish), member)
  redis.call('HSET', places, ticket, table.concat({ member, owner, tenant, exact(weight), exact(virtualTime()) }, '|'))
  return placeOf(ticket)
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

-- a tenant's places up to a rank, in order
local function placesOf(tenant, rank)
  local found, line = {}, redis.call('ZRANGE', queue, 0, rank, 'WITHSCORES')
  for index = 1, #line, 2 do
    local place = placeOf(ticketOf(line[index]))
    place.finish = tonumber(line[index + 1])
    if place.tenant == tenant then found[#found + 1] = place end
  end
  return found
end

-- takes the place out because it is served: virtual time goes on. It is its tenant's first turn that is
-- taken, whichever of its places is here for it; those that it was served past get the later ones
local function serve(place, rank)
  local turn = tonumber(redis.call('ZSCORE', queue, place.member))
  local ahead = rank > 0 and placesOf(place.tenant, rank - 1) or {}
  for index = #ahead, 1, -1 do
    redis.call('ZADD', queue, exact(turn), ahead[index].member)
    turn = ahead[index].finish
  end
  redis.call('HSET', clock, 'v', exact(math.max(virtualTime(), turn)))
  remove(place)
end

-- an absent caller is back. What its tenant let pass is no credit: of its places only the first may
-- still be served as if it had never been away
local function comeBack(place)
  if redis.call('ZREM', absent, place.member) == 0 then return end
  local virtual, before = virtualTime(), nil
  if tonumber(redis.call('ZRANGE', queue, 0, 0, 'WITHSCORES')[2]) >= virtual then return end
  for _, one in ipairs(placesOf(place.tenant, -1)) do
    before = math.max(one.finish, before and before + 1 / one.weight or virtual)
    if before ~= one.finish then redis.call('ZADD', queue, exact(before), one.member) end
  end
  local last = tonumber(redis.call('HGET', clock, 'f:' .. place.tenant) or 0)
  redis.call('HSET', clock, 'f:' .. place.tenant, exact(math.max(last, before)))
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
