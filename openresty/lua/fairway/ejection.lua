-- Puts out instances that failed this edge, as Core/Balancing/PassiveEjection does for a caller, shared by all workers: so many
-- failures in a row, or one connection that could not be made, and it is left alone for a while, longer each time; a success
-- forgives. At most a share of a list is out for its answers. One that cannot be reached is out whatever the share, as long
-- as another one is left.

local now = ngx.now
local min, max = math.min, math.max
local tonumber, ipairs, pairs = tonumber, ipairs, pairs
local match = string.match

local _M = {}

local dict, options, changed
local out, any = {}, false -- address -> until; whether there is one
local doubted = {} -- addresses with failures that a success must forgive
local mine = {} -- addresses that this worker put out: it tries them again first, the others a moment later
local seen = -1

--- How much longer than the ejection itself other workers leave an instance alone, as a share of it.
local GRACE = 0.2

--- Longest time one worker's decision keeps the others from theirs, in seconds, should it die in it.
local GATE = 0.05

--- @param shared the dictionary of ejections
-- @param settings eject_failures, eject_seconds, eject_max_seconds, eject_share
-- @param on_change function to call when the set changed, so that other workers look
function _M.bind(shared, settings, on_change)
  dict, options, changed = shared, settings, on_change
end

--- Reads what others put out or forgave.
function _M.sync()
  local version = dict:get("version") or 0
  if version == seen then
    return
  end
  seen = version
  out, any, doubted = {}, false, {}
  for _, key in ipairs(dict:get_keys(0)) do
    local kind, address = match(key, "^(%a):(.*)$")
    if kind == "o" then
      local till = tonumber(dict:get(key))
      if till then
        out[address], any = till + (mine[address] and 0 or options.eject_seconds * GRACE), true
      end
    elseif kind == "r" then
      doubted[address] = true
    end
  end
end

local function touch()
  dict:incr("version", 1, 0)
  changed()
end

--- Whether an address is left alone now.
function _M.is_out(address)
  local till = out[address]
  return till ~= nil and now() < till
end

--- Whether anything is out at all; most of the time nothing is, and a pick need not ask.
function _M.any()
  return any
end

local function count_out(list)
  local count = 0
  for address in pairs(out) do
    if list.by_address[address] and _M.is_out(address) then
      count = count + 1
    end
  end
  return count
end

--- A request failed: no connection, no answer in time, or a 5xx.
-- @param address of the instance
-- @param list it was picked from
-- @param unreachable whether not even a connection was made
-- @return whether this put it out
function _M.failed(address, list, unreachable)
  local row = dict:incr("r:" .. address, 1, 0, options.eject_max_seconds) or 1
  if not doubted[address] then
    doubted[address] = true
    dict:incr("version", 1, 0) -- so that a success any worker sees forgives
    changed()
  end
  if _M.is_out(address) then
    return false
  end
  if list.count <= 1 or (not unreachable and row < options.eject_failures) then
    return false
  end
  -- Two workers that decide at once would each see room for one more: the one that comes second lets the next failure decide.
  if not dict:add("gate", true, GATE) then
    return false
  end
  _M.sync()
  local after = count_out(list) + 1
  local may = not _M.is_out(address)
  if unreachable then
    may = may and after < list.count
  else
    may = may and after <= options.eject_share * list.count
  end
  if not may then
    dict:delete("gate")
    return false
  end
  local times = dict:incr("e:" .. address, 1, 0, options.eject_max_seconds * 2) or 1
  local till = now() + min(options.eject_seconds * times, max(options.eject_seconds, options.eject_max_seconds))
  out[address], any, mine[address] = till, true, true
  dict:set("o:" .. address, till, till - now() + options.eject_seconds * GRACE)
  touch()
  dict:delete("gate")
  return true
end

--- A request succeeded.
function _M.succeeded(address)
  if doubted[address] and not _M.is_out(address) then
    doubted[address], out[address], mine[address] = nil, nil, nil
    dict:delete("r:" .. address)
    dict:delete("e:" .. address)
    dict:delete("o:" .. address)
    touch()
  end
end

--- An instance came back by the registry's word: what was held against it is void.
function _M.forgive(address)
  if out[address] or doubted[address] then
    out[address], doubted[address], mine[address] = nil, nil, nil
    dict:delete("r:" .. address)
    dict:delete("e:" .. address)
    dict:delete("o:" .. address)
    touch()
  end
end

--- Addresses that are out now: address -> seconds left.
function _M.all()
  local left = {}
  for address, till in pairs(out) do
    if now() < till then
      left[address] = till - now()
    end
  end
  return left
end

return _M
