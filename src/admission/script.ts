/**
 * One atomic decision. Time is Redis's own, so that replicas need no common clock.
 *
 * KEYS: one hash for each window (bucket → count), then the sorted set of the provider's slots
 * (slot → the moment it is freed). ARGV: the number of windows, `max` and `per` of each, then the
 * budget's max, per, longest call and the slot. All times are milliseconds.
 *
 * Returns the kind, when to come back, and for each window what is left and when more is.
 */
export const decideScript = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local count = tonumber(ARGV[1])
local kind, retryAfter = 'granted', 0
local windows = {}

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
    retryAfter = math.max(retryAfter, resetOf(window))
  end
end

local at = 2 + 2 * count
local max, per, callMax, slot = tonumber(ARGV[at]), tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), ARGV[at + 3]
local slots = KEYS[count + 1]

if kind == 'granted' then
  redis.call('ZREMRANGEBYSCORE', slots, '-inf', now)
  if redis.call('ZCARD', slots) >= max then
    kind = 'busy'
    retryAfter = redis.call('ZRANGE', slots, 0, 0, 'WITHSCORES')[2] - now
  end
end

if kind == 'granted' then
  for i, window in ipairs(windows) do
    if #window.gone > 0 then redis.call('HDEL', KEYS[i], unpack(window.gone)) end
    redis.call('HINCRBY', KEYS[i], string.format('%.0f', window.newest), 1)
    redis.call('PEXPIRE', KEYS[i], math.ceil(window.per * 61 / 60) + 1)
    window.total = window.total + 1
    if window.oldest == nil then window.oldest = window.newest end
  end
  redis.call('ZADD', slots, now + callMax + per, slot)
  redis.call('PEXPIRE', slots, callMax + per)
end

local answer = { kind, string.format('%.0f', retryAfter) }
for _, window in ipairs(windows) do
  answer[#answer + 1] = string.format('%.0f', math.max(0, window.max - window.total))
  answer[#answer + 1] = string.format('%.0f', resetOf(window))
end
return answer
`;

/**
 * Ends a slot. KEYS: the provider's slots. ARGV: the slot, the budget's per, and 1 when no call was
 * made. A slot that is already gone stays gone only if no call was made.
 */
export const settleScript = `
if ARGV[3] == '1' then
  return redis.call('ZREM', KEYS[1], ARGV[1])
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 1
`;
