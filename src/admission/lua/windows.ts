import { bucketsKept, bucketsPerWindow } from '../window.ts';

/** More fields than this are not ours: a ring of buckets, and one that has passed since it was read. */
const storedMax = 2 * bucketsKept;

/**
 * The windows of users and tenants: a hash each, a bucket → how many. As window.ts counts in a process.
 *
 * `KEYS[1]` to `KEYS[count]` are theirs; `max` and `per` of each stand in ARGV behind the first `from`.
 *
 * @see window.ts
 */
export const luaWindows = `
-- a window that cannot be read counts as full, until it has passed
local function storedIn(key, max)
  if not dropUnless('HLEN', key) and redis.call('HLEN', key) <= ${storedMax} then return redis.call('HGETALL', key) end
  redis.call('DEL', key)
  return { 'unreadable', whole(max) }
end

local function keepWindow(window)
  redis.call('PEXPIRE', window.key, math.ceil(window.per * ${bucketsKept} / ${bucketsPerWindow}) + 1)
end

local function rewrite(window)
  redis.call('DEL', window.key)
  for bucket, counted in pairs(window.counts) do redis.call('HSET', window.key, whole(bucket), whole(counted)) end
  keepWindow(window)
  window.gone = {}
end

-- a bucket that is still to come counts as the newest, and a count that is none as the limit
local function readWindow(key, max, per)
  local newest = math.floor(now * ${bucketsPerWindow} / per)
  local stored, isOurs = storedIn(key, max), true
  local window = { key = key, max = max, per = per, newest = newest, total = 0, gone = {}, counts = {} }
  for j = 1, #stored, 2 do
    local bucket, counted = numberIn(stored[j], -1, newest, newest), numberIn(stored[j + 1], -1, 2 ^ 53, -1)
    if bucket < newest - ${bucketsPerWindow} then
      window.gone[#window.gone + 1] = stored[j]
    else
      if stored[j] ~= whole(bucket) then isOurs, bucket = false, newest end
      if counted < 0 or stored[j + 1] ~= whole(counted) then isOurs, counted = false, max end
      window.total = window.total + counted
      window.counts[bucket] = (window.counts[bucket] or 0) + counted
      if window.oldest == nil or bucket < window.oldest then window.oldest = bucket end
    end
  end
  if not isOurs then rewrite(window) end
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
    keepWindow(window)
    window.total = window.total + 1
    window.oldest = window.oldest or window.newest
  end
end
`;
