-- Which worker does what is done once a node. A lease in the shared dictionary, by pid: when its worker dies or drains, another
-- takes over.

local _M = {}

local SECONDS = 3
local KEY = "lease"

--- Takes or keeps the lease; call it every second.
-- @param dict the shared dictionary
-- @param pid this worker
function _M.hold(dict, pid)
  local holder = dict:get(KEY)
  if holder == pid then
    return dict:set(KEY, pid, SECONDS)
  end
  if holder then
    return false
  end
  return dict:add(KEY, pid, SECONDS) == true
end

--- Gives it back.
function _M.release(dict, pid)
  if dict:get(KEY) == pid then
    dict:delete(KEY)
  end
end

return _M
