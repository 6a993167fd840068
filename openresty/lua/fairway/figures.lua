-- Requests in flight and failures in a row, by address, shared by all workers. Each worker also knows its own part: when a worker
-- dies without taking its part back, the count begins anew (a new generation) and each puts its own part in again.

local max = math.max
local pairs = pairs

local _M = {}

local dict
local generation, prefix = 0, "0|"
local own = {}

function _M.bind(shared)
  dict = shared
end

--- Adds to the requests in flight under a key.
function _M.add(key, amount)
  own[key] = (own[key] or 0) + amount
  dict:incr(prefix .. key, amount, 0)
end

--- Requests in flight under a key, of all workers.
function _M.get(key)
  local count = dict:get(prefix .. key)
  return count and count > 0 and count or 0
end

--- Begins the count anew, for all workers; call it when a worker died.
function _M.renew()
  dict:incr("generation", 1, 0)
end

--- Follows to the current generation; call it when the store's sequence moved, and every second.
function _M.sync()
  local current = dict:get("generation") or 0
  if current == generation then
    return false
  end
  generation, prefix = current, current .. "|"
  for key, count in pairs(own) do
    if count == 0 then
      own[key] = nil
    else
      dict:incr(prefix .. key, max(0, count), 0)
    end
  end
  return true
end

--- Forgets keys of which nothing is in flight, so that addresses that are gone do not stay.
function _M.sweep()
  for key, count in pairs(own) do
    if count == 0 then
      own[key] = nil
    end
  end
end

--- Takes this worker's part back at its end.
function _M.withdraw()
  for key, count in pairs(own) do
    if count ~= 0 then
      dict:incr(prefix .. key, -count, 0)
      own[key] = nil
    end
  end
end

return _M
