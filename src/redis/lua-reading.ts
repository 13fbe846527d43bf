/**
 * How scripts read. What they find is held to what they could have written: others may write to this
 * Redis, its clock may be set, and a script that fails costs everybody what is shared.
 */
export const luaReading = `
local function whole(number) return string.format('%.0f', number) end

local function numberIn(text, least, most, otherwise)
  local number = tonumber(text)
  if not number or number ~= number then return otherwise end
  return math.min(math.max(number, least), most)
end

-- nil when the key holds another type than the command reads
local function readAs(command, key)
  local found = redis.pcall(command, key)
  if type(found) ~= 'table' or not found.err then return found end
  if found.err:find('WRONGTYPE', 1, true) then return nil end
  return redis.call(command, key)
end

-- a key of another type is none of ours: it is dropped. Tells whether it was
local function dropUnless(command, key)
  if readAs(command, key) ~= nil then return false end
  redis.call('DEL', key)
  return true
end
`;
