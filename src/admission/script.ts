/**
 * The Lua scripts. Time is Redis's own, so that replicas need no common clock; all times are
 * milliseconds. A provider's keys come last in KEYS, in this order:
 *
 * - slots: sorted set, a call → the moment its place in the budget is freed
 * - queue: sorted set, a member (`arrival:ticket`) → its virtual finish
 * - leases: sorted set, a member → the moment its place in the queue is given up
 * - places: hash, a ticket → its place
 * - clock: hash, the queue's virtual time `v`, arrivals `n`, each tenant's last finish `f:tenant`
 * - pace: the average length of a call
 * - heeded: hash, what the provider said is `left` and `until` when
 * - absent: sorted set, a member whose caller was told to come back → the moment it was told
 */
const common = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local base = #KEYS - 8
local slots, queue, leases = KEYS[base + 1], KEYS[base + 2], KEYS[base + 3]
local places, clock, pace, heeded = KEYS[base + 4], KEYS[base + 5], KEYS[base + 6], KEYS[base + 7]
local absent = KEYS[base + 8]

local function whole(number) return string.format('%.0f', number) end

local function placeOf(ticket)
  local text = redis.call('HGET', places, ticket)
  if not text then return nil end
  local member, owner, tenant, weight = text:match('^(.-)|(.-)|(.-)|(.-)$')
  return { ticket = ticket, member = member, owner = owner, tenant = tenant, weight = tonumber(weight) }
end

local function remove(place)
  redis.call('ZREM', queue, place.member)
  redis.call('ZREM', leases, place.member)
  redis.call('ZREM', absent, place.member)
  redis.call('HDEL', places, place.ticket)
  if redis.call('ZCARD', queue) == 0 then redis.call('DEL', clock) end
end

-- gives a place up: what its tenant asked for later moves up, as if the place had never been taken
local function leave(place)
  local finish = tonumber(redis.call('ZSCORE', queue, place.member))
  for _, later in ipairs(redis.call('ZRANGEBYSCORE', queue, string.format('(%.17g', finish), '+inf')) do
    local other = placeOf(later:match(':(.*)$'))
    if other.tenant == place.tenant then redis.call('ZINCRBY', queue, -1 / place.weight, later) end
  end
  redis.call('HINCRBYFLOAT', clock, 'f:' .. place.tenant, -1 / place.weight)
  remove(place)
end
`;

/**
 * One atomic decision: granted, queued or refused. Only what is granted has spent anything.
 *
 * KEYS: one hash for each window (bucket → count), then the provider's. ARGV: the number of windows,
 * `max` and `per` of each, then: the budget's max, per and longest call; the slot; the ticket shown and
 * a fresh one; owner, tenant and weight of the place; how long the caller would wait, the lease of one
 * who waits and of one who comes back later, how long around its return that one holds others up; the
 * longest queue (-1: may not wait).
 *
 * Returns the kind, the wait, the position and the ticket, and for each window what is left and when
 * more is.
 */
export const decideScript = `
${common}
local count = tonumber(ARGV[1])
local windows, kind, wait, position, ticket = {}, 'granted', 0, 0, ''

-- how long until the window has more room; one whose limit was lowered is over-full
local function resetOf(window)
  if window.oldest == nil then return 0 end
  local last, excess = window.oldest, window.total - window.max
  if excess > 0 then
    local buckets, counts = {}, {}
    for j = 1, #window.stored, 2 do
      local bucket = tonumber(window.stored[j])
      if bucket >= window.newest - 60 then
        buckets[#buckets + 1] = bucket
        counts[bucket] = tonumber(window.stored[j + 1])
      end
    end
    table.sort(buckets)
    for _, bucket in ipairs(buckets) do
      last, excess = bucket, excess - counts[bucket]
      if excess < 0 then break end
    end
  end
  return math.ceil((last + 61) * window.per / 60) - now
end

for i = 1, count do
  local max, per = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
  local newest = math.floor(now * 60 / per)
  local stored = redis.call('HGETALL', KEYS[i])
  local window = { max = max, per = per, newest = newest, total = 0, oldest = nil, gone = {}, stored = stored }
  for j = 1, #stored, 2 do
    local bucket = tonumber(stored[j])
    if bucket < newest - 60 then
      window.gone[#window.gone + 1] = stored[j]
    else
      window.total = window.total + tonumber(stored[j + 1])
      if window.oldest == nil or bucket < window.oldest then window.oldest = bucket end
    end
  end
  windows[i] = window
  if window.total >= max then
    kind = 'limited'
    wait = math.max(wait, resetOf(window))
  end
end

local at = 2 * count + 2
local max, per, callMax = tonumber(ARGV[at]), tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
local slot, shown, fresh = ARGV[at + 3], ARGV[at + 4], ARGV[at + 5]
local owner, tenant, weight = ARGV[at + 6], ARGV[at + 7], tonumber(ARGV[at + 8])
local patience, waiting, returning = tonumber(ARGV[at + 9]), tonumber(ARGV[at + 10]), tonumber(ARGV[at + 11])
local around, longest = tonumber(ARGV[at + 12]), tonumber(ARGV[at + 13])

redis.call('ZREMRANGEBYSCORE', slots, '-inf', now)
for _, member in ipairs(redis.call('ZRANGEBYSCORE', leases, '-inf', now)) do
  local abandoned = placeOf(member:match(':(.*)$'))
  if abandoned then leave(abandoned) end
end

local place = shown ~= '' and placeOf(shown) or nil
if place and place.owner ~= owner then place = nil end
if place then redis.call('ZREM', absent, place.member) end

local said = redis.call('HMGET', heeded, 'until', 'left')
local heededUntil = tonumber(said[1] or 0)
local unheeded = max - redis.call('ZCARD', slots)
local free = unheeded
if heededUntil > now then free = math.min(free, tonumber(said[2])) end
local length = redis.call('ZCARD', queue)

-- the moment from which the place at a rank is served, if nobody else arrives
local function servedAt(rank)
  if rank < free then return now end
  local needed, taken = rank - unheeded, redis.call('ZCARD', slots)
  if needed < 0 then return heededUntil end
  local average = tonumber(redis.call('GET', pace) or 0)
  local index, rounds = needed % max, math.floor(needed / max)
  local freed = now + average + per
  if index < taken then
    freed = tonumber(redis.call('ZRANGE', slots, index, index, 'WITHSCORES')[2])
    -- a call under way holds its place up to its deadline; it will end earlier
    if freed > now + per then freed = math.max(now + per, freed - callMax + average) end
  end
  return math.max(heededUntil, freed + rounds * (per + average))
end

-- an absent caller holds up those behind it only around the moment at which it was told to be back
local function isServed(rank)
  if free <= 0 or rank < free then return rank < free end
  local ahead = 0
  for _, member in ipairs(redis.call('ZRANGE', queue, 0, rank - 1)) do
    local back = tonumber(redis.call('ZSCORE', absent, member) or now)
    if math.abs(back - now) <= around then ahead = ahead + 1 end
    if ahead >= free then return false end
  end
  return true
end

local function finishOfNext()
  local virtual = tonumber(redis.call('HGET', clock, 'v') or 0)
  local last = tonumber(redis.call('HGET', clock, 'f:' .. tenant) or 0)
  return math.max(virtual, last) + 1 / weight
end

local function take()
  for i, window in ipairs(windows) do
    if #window.gone > 0 then redis.call('HDEL', KEYS[i], unpack(window.gone)) end
    redis.call('HINCRBY', KEYS[i], whole(window.newest), 1)
    redis.call('PEXPIRE', KEYS[i], math.ceil(window.per * 61 / 60) + 1)
    window.total = window.total + 1
    if window.oldest == nil then window.oldest = window.newest end
  end
  if heededUntil > now then redis.call('HINCRBY', heeded, 'left', -1) end
  redis.call('ZADD', slots, now + callMax + per, slot)
  if redis.call('PTTL', slots) < callMax + per then redis.call('PEXPIRE', slots, callMax + per) end
end

if kind == 'limited' then
  if place then leave(place) end
elseif not place and length < free and (length == 0 or longest < 0) then
  take()
elseif longest < 0 then
  kind = 'busy'
  wait, position = servedAt(length) - now, length + 1
else
  if not place and length >= longest then
    -- a full queue gives up its last place to whoever would be served before it
    local last = redis.call('ZREVRANGE', queue, 0, 0, 'WITHSCORES')
    if last[2] and finishOfNext() < tonumber(last[2]) then
      leave(placeOf(last[1]:match(':(.*)$')))
    else
      kind = 'busy'
      wait, position = servedAt(length) - now, length + 1
    end
  end
  if kind == 'granted' then
    if not place then
      local finish = finishOfNext()
      local member = string.format('%012.0f:%s', redis.call('HINCRBY', clock, 'n', 1), fresh)
      place = { ticket = fresh, member = member, owner = owner, tenant = tenant, weight = weight }
      redis.call('HSET', clock, 'f:' .. tenant, string.format('%.17g', finish))
      redis.call('ZADD', queue, string.format('%.17g', finish), member)
      redis.call('HSET', places, fresh, member .. '|' .. owner .. '|' .. tenant .. '|' .. ARGV[at + 8])
    end
    local rank = redis.call('ZRANK', queue, place.member)
    if isServed(rank) then
      local virtual = tonumber(redis.call('HGET', clock, 'v') or 0)
      local finish = tonumber(redis.call('ZSCORE', queue, place.member))
      redis.call('HSET', clock, 'v', string.format('%.17g', math.max(virtual, finish)))
      remove(place)
      take()
    else
      wait, position, ticket = servedAt(rank) - now, rank + 1, place.ticket
      kind = wait > patience and 'busy' or 'queued'
      local lease = kind == 'queued' and waiting or wait + returning
      redis.call('ZADD', leases, now + lease, place.member)
      if kind == 'busy' then redis.call('ZADD', absent, now + wait, place.member) end
      for _, key in ipairs({ queue, leases, places, clock, absent }) do
        if redis.call('PTTL', key) < lease + per then redis.call('PEXPIRE', key, math.ceil(lease + per)) end
      end
    end
  end
end

local answer = { kind, whole(math.ceil(wait)), whole(position), ticket }
for _, window in ipairs(windows) do
  answer[#answer + 1] = whole(math.max(0, window.max - window.total))
  answer[#answer + 1] = whole(resetOf(window))
end
return answer
`;

/**
 * Ends a slot. KEYS: the provider's. ARGV: the slot, the budget's per and longest call, and 1 when no
 * call was made: then its place is free at once.
 */
export const settleScript = `
${common}
local slot, per, callMax = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
if ARGV[4] == '1' then return redis.call('ZREM', slots, slot) end
local held = tonumber(redis.call('ZSCORE', slots, slot))
if held then
  local took = math.max(0, now - (held - callMax - per))
  local average = tonumber(redis.call('GET', pace) or took)
  redis.call('SET', pace, whole(average + (took - average) / 5), 'PX', whole(per + 3600000))
end
redis.call('ZADD', slots, now + per, slot)
if redis.call('PTTL', slots) < per then redis.call('PEXPIRE', slots, per) end
return 1
`;

/** Gives a place in the queue up. KEYS: the provider's. ARGV: the ticket and its owner. */
export const leaveScript = `
${common}
local place = placeOf(ARGV[1])
if place and place.owner == ARGV[2] then leave(place) end
return 1
`;

/**
 * Heeds a provider that says less is left than counted here: no more than that is granted until the
 * moment it names. KEYS: the provider's. ARGV: the budget's max, what is left, and for how long.
 */
export const heedScript = `
${common}
local max, left, lasts = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
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
${common}
local live = redis.call('ZRANGEBYSCORE', slots, string.format('(%.0f', now), '+inf', 'WITHSCORES')
for index = 2, #live, 2 do live[index] = whole(tonumber(live[index]) - now) end
return live
`;

/**
 * Takes slots that were granted before this Redis knew of them: after a restart or a failover. KEYS: the
 * provider's. ARGV: a slot and for how long it is still taken, again and again.
 */
export const restoreScript = `
${common}
for index = 1, #ARGV, 2 do
  local lasts = tonumber(ARGV[index + 1])
  redis.call('ZADD', slots, 'NX', now + lasts, ARGV[index])
  if redis.call('PTTL', slots) < lasts then redis.call('PEXPIRE', slots, lasts) end
end
return 1
`;
