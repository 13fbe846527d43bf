import { bucketsKept, bucketsPerWindow } from '../window.ts';

/**
 * The windows of users and tenants: a hash each, a bucket → how many. As window.ts counts in a process.
 *
 * `KEYS[1]` to `KEYS[count]` are theirs; `max` and `per` of each stand in ARGV behind the first `from`.
 *
 * @see window.ts
 */
export const luaWindows = `
local function readWindow(key, max, per)
  local newest = math.floor(now * ${bucketsPerWindow} / per)
  local stored = redis.call('HGETALL', key)
  local window = { key = key, max = max, per = per, newest = newest, total = 0, gone = {}, counts = {} }
  for j = 1, #stored, 2 do
    local bucket, counted = tonumber(stored[j]), tonumber(stored[j + 1])
    if bucket < newest - ${bucketsPerWindow} then
      window.gone[#window.gone + 1] = stored[j]
    else
      window.total = window.total + counted
      window.counts[bucket] = counted
      if window.oldest == nil or bucket < window.oldest then window.oldest = bucket end
    end
  end
  return window
end

local function readWindows(from)
  local windows = {}
  for i = 1, (#ARGV - from) / 2 do
    windows[i] = readWindow(KEYS[i], tonumber(ARGV[from + 2 * i - 1]), tonumber(ARGV[from + 2 * i]))
  end
  return windows
end

-- how long until the window has more room; one whose limit was lowered is over-full
local function resetOf(window)
  if window.oldest == nil then return 0 end
  local last, excess = window.oldest, window.total - window.max
  if excess > 0 then
    local buckets = {}
    for bucket in pairs(window.counts) do buckets[#buckets + 1] = bucket end
    table.sort(buckets)
    for _, bucket in ipairs(buckets) do
      last, excess = bucket, excess - window.counts[bucket]
      if excess < 0 then break end
    end
  end
  return math.ceil((last + ${bucketsKept}) * window.per / ${bucketsPerWindow}) - now
end

-- how long until all have room; nil when they have
local function limitedFor(windows)
  local wait
  for _, window in ipairs(windows) do
    if window.total >= window.max then wait = math.max(wait or 0, resetOf(window)) end
  end
  return wait
end

local function countIn(windows)
  for _, window in ipairs(windows) do
    if #window.gone > 0 then redis.call('HDEL', window.key, unpack(window.gone)) end
    redis.call('HINCRBY', window.key, whole(window.newest), 1)
    redis.call('PEXPIRE', window.key, math.ceil(window.per * ${bucketsKept} / ${bucketsPerWindow}) + 1)
    window.total = window.total + 1
    window.oldest = window.oldest or window.newest
  end
end
`;
