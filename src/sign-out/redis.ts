import { z } from 'zod';
import { openMsMax, type OpenSession } from '../gateway/sign-out.ts';
import { keyPrefix, type RedisClient } from '../redis/connect.ts';
import { luaReading } from '../redis/lua-reading.ts';
import { defineScript } from '../redis/define-script.ts';
import { openMax, retryMs, retryMsMax, type SignOutStore } from './store.ts';

/** How far Redis's clock may be from the gateway's before sessions are forgotten for it. */
const clockSkewMsMax = 86_400_000;

/**
 * KEYS in this order: the sessions open for a subject, a sorted set by the moment they expire; those due
 * to be ended, a sorted set by the moment of the next attempt; then the marks of a sign-out, one or more.
 * A member is `expiry|provider|id`. Times are milliseconds.
 */
const common = `
${luaReading}
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local latest = now + ${openMsMax + clockSkewMsMax}

local function keepUntil(key, moment)
  if redis.call('PTTL', key) < moment - now then redis.call('PEXPIREAT', key, whole(moment)) end
end

-- the moment at which a member expires; nil when it is past, or no moment that was ever written
local function expiryOf(member)
  local expiry = tonumber(member:match('^(%d+)|[^|]+|.'))
  return expiry and expiry > now and expiry <= latest and expiry or nil
end

local function mendOpen(key)
  dropUnless('ZCARD', key)
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', key, '(' .. whole(latest), '+inf')) do
    local expiry = expiryOf(member)
    if expiry then redis.call('ZADD', key, expiry, member) else redis.call('ZREM', key, member) end
  end
end
local function makeDue(key, member, moment)
  redis.call('ZADD', key, 'NX', now, member)
  keepUntil(key, moment)
end
`;

/**
 * ARGV: the most sessions that are kept; then how long until each mark expires, by the clock that judges
 * tokens: the gateway's, not Redis's.
 */
const signOutScript = `
${common}
mendOpen(KEYS[1])
dropUnless('ZCARD', KEYS[2])
for index = 2, #ARGV do
  if tonumber(ARGV[index]) > 0 then redis.call('SET', KEYS[1 + index], 1, 'PX', ARGV[index]) end
end
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -1 - tonumber(ARGV[1]))
for _, member in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  local expiry = expiryOf(member)
  if expiry then makeDue(KEYS[2], member, expiry) end
end
redis.call('DEL', KEYS[1])
return 1
`;

/** ARGV: the member, the moment it expires, the most that are kept. */
const recordScript = `
${common}
mendOpen(KEYS[1])
dropUnless('ZCARD', KEYS[2])
local member, expiry = ARGV[1], tonumber(ARGV[2])
if redis.call('EXISTS', unpack(KEYS, 3)) > 0 then
  makeDue(KEYS[2], member, expiry)
else
  redis.call('ZADD', KEYS[1], expiry, member)
  redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -1 - tonumber(ARGV[3]))
  keepUntil(KEYS[1], expiry)
end
return 1
`;

/**
 * KEYS: what is due; how often each was claimed. ARGV: how many; how long until one is given again the
 * first time, and at most.
 */
const claimScript = `
${common}
local claimed, soon = {}, now + tonumber(ARGV[3])
dropUnless('ZCARD', KEYS[1])
dropUnless('HLEN', KEYS[2])
for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. whole(soon), '+inf')) do
  redis.call('ZADD', KEYS[1], whole(soon), member)
end
for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[1])) do
  local expiry = expiryOf(member)
  if not expiry then
    redis.call('ZREM', KEYS[1], member)
    redis.call('HDEL', KEYS[2], member)
  else
    local attempts = math.floor(numberIn(redis.call('HGET', KEYS[2], member), 0, 1000, 0)) + 1
    redis.call('HSET', KEYS[2], member, attempts)
    keepUntil(KEYS[2], expiry)
    local wait = math.min(tonumber(ARGV[2]) * 2 ^ (attempts - 1), tonumber(ARGV[3]))
    redis.call('ZADD', KEYS[1], now + wait, member)
    claimed[#claimed + 1] = member
  end
end
return claimed
`;

/** KEYS as for a claim. ARGV: the member. */
const doneScript = `
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
return 1
`;

const membersSchema = z.array(z.string());

/** Remembers in Redis, for all replicas. */
export function createRedisSignOutStore(client: RedisClient): SignOutStore {
  const signOut = defineScript(client, 'signOut', signOutScript);
  const record = defineScript(client, 'recordOpenSession', recordScript);
  const claim = defineScript(client, 'claimDueSessions', claimScript);
  const done = defineScript(client, 'sessionEnded', doneScript);

  return {
    has: async (digests) => (await client.exists(...digests.map(markKey))) > 0,
    remember: async (marks) => {
      const alive = marks.filter(({ expiresAtMs }) => lifeMs(expiresAtMs) > 0);
      await Promise.all(
        alive.map(({ digest, expiresAtMs }) => client.set(markKey(digest), 1, 'PX', lifeMs(expiresAtMs))),
      );
    },
    signOut: async (marks, subject) => {
      const digests = marks.map(({ digest }) => digest);
      const lives = marks.map(({ expiresAtMs }) => lifeMs(expiresAtMs));
      await signOut(keysOf(digests, subject), [openMax, ...lives]);
    },
    record: async (opened, { digests, subject }) => {
      await record(keysOf(digests, subject), [memberOf(opened), Math.ceil(opened.expiresAtMs), openMax]);
    },
    claim: async (countMax) => {
      const members = await claim([dueKey, attemptsKey], [countMax, retryMs, retryMsMax]);
      return membersSchema.parse(members).map(toOpenSession);
    },
    done: async (ended) => {
      await done([dueKey, attemptsKey], [memberOf(ended)]);
    },
  };
}

const dueKey = `${keyPrefix}:revoking`;
const attemptsKey = `${keyPrefix}:revoking-attempts`;

/** How long a mark is still needed; 0 and less for one that is past. */
function lifeMs(expiresAtMs: number): number {
  return Math.ceil(expiresAtMs - Date.now());
}

function markKey(digest: string): string {
  return `${keyPrefix}:signed-out:${digest}`;
}

function keysOf(digests: readonly string[], subject: string): readonly string[] {
  return [`${keyPrefix}:revocable:${subject}`, dueKey, ...digests.map(markKey)];
}

function memberOf({ provider, id, expiresAtMs }: OpenSession): string {
  return `${Math.ceil(expiresAtMs)}|${provider}|${id}`;
}

function toOpenSession(member: string): OpenSession {
  const [expiry = '', provider = '', ...id] = member.split('|');
  return { provider, id: id.join('|'), expiresAtMs: Number(expiry) };
}
