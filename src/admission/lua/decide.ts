import { scriptArguments } from '../../redis/script-arguments.ts';
import { luaBudget } from './budget.ts';
import { luaKeys } from './keys.ts';
import { luaQueue } from './queue.ts';
import { luaWindows } from './windows.ts';

/** Behind these stand `max` and `per` of each window. Times are milliseconds. */
export const decideArguments = scriptArguments({
  max: 'number',
  per: 'number',
  callMax: 'number',
  slot: 'text',
  shown: 'text',
  fresh: 'text',
  owner: 'text',
  embed: 'text',
  tenant: 'text',
  weight: 'number',
  patience: 'number',
  waiting: 'number',
  returning: 'number',
  around: 'number',
  longest: 'number',
  most: 'number',
});

/**
 * One atomic decision: granted, queued or refused. Only what is granted has spent anything. As memory.ts
 * decides in a process, step for step.
 *
 * KEYS: one hash for each window, then the provider's. ARGV: the budget's max, per and longest call; the
 * slot; the ticket shown and a fresh one; owner, embed, tenant and weight of the place; how long the caller
 * would wait, the lease of one who waits and of one who comes back later, how long around its return that
 * one holds others up; the longest queue (-1: may not wait), and most places of the owner.
 *
 * Returns the kind, the wait, the position and the ticket, and for each window what is left and when
 * more is.
 *
 * @see memory.ts
 */
export const decideScript = `
${luaKeys}
${decideArguments.lua}
${luaWindows}
${luaBudget}
${luaQueue}
local windows = readWindows(${decideArguments.count})
mend()
mendLeases(longestWait(redis.call('ZCARD', queue)) + returning)
leaveAbandoned()

local function answer(kind, wait, position, ticket)
  local answered = { kind, whole(math.ceil(wait or 0)), whole(position or 0), ticket or '' }
  for _, window in ipairs(windows) do
    answered[#answered + 1] = whole(math.max(0, window.max - window.total))
    answered[#answered + 1] = whole(resetOf(window))
  end
  return answered
end

local function grant()
  countIn(windows)
  takeSlot(slot)
  return answer('granted')
end

local place = shown ~= '' and placeOf(shown) or nil
if place and (place.owner ~= owner or place.embed ~= embed) then place = nil end
if place then comeBack(place) end

local limited = limitedFor(windows)
if limited then
  if place then leave({ place.member }) end
  return answer('limited', limited)
end

local length, mayWait = redis.call('ZCARD', queue), longest >= 0
if not place and length < free and (length == 0 or not mayWait) then return grant() end
if not mayWait or (not place and not makeRoom(owner, most, longest, tenant, weight)) then
  return answer('busy', servedAt(length) - now, length + 1)
end

place = place or join(fresh, owner, embed, tenant, weight)
local rank = redis.call('ZRANK', queue, place.member)
if isServed(rank, free, around) then
  serve(place, rank)
  return grant()
end

local wait = servedAt(rank) - now
if wait > patience then
  keep(place, wait + returning, now + wait, per)
  return answer('busy', wait, rank + 1, place.ticket)
end
keep(place, waiting, nil, per)
return answer('queued', wait, rank + 1, place.ticket)
`;
