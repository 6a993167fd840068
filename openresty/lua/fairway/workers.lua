-- Which workers live, by pid, so that the death of one that could not say goodbye is noticed.

local ffi = require "ffi"
local cjson = require "cjson.safe"

local pairs, tonumber, tostring, next = pairs, tonumber, tostring, next

pcall(ffi.cdef, "int kill(int pid, int sig);")

local _M = {}

local function lives(pid)
  return ffi.C.kill(pid, 0) == 0 or ffi.errno() ~= 3 -- ESRCH
end

local KEY = "worker:"

local function all(dict)
  return cjson.decode(dict:get("workers") or "{}") or {}
end

-- Two workers that enter at once must both be in: the list is guarded by a key that only one can add.
local function change(dict, with)
  for _ = 1, 1000 do
    if dict:add(KEY .. "lock", 1, 0.1) then
      break
    end
  end
  local list = all(dict)
  with(list)
  dict:set("workers", cjson.encode(next(list) and list or { none = 0 }))
  dict:delete(KEY .. "lock")
end

--- This worker begins.
function _M.enter(dict, pid)
  change(dict, function(list) list[tostring(pid)] = 1 end)
end

--- This worker ends in good order.
function _M.leave(dict, pid)
  change(dict, function(list) list[tostring(pid)] = nil end)
end

--- Whether some died since the last look.
function _M.lost(dict)
  local dead = {}
  for pid in pairs(all(dict)) do
    if tonumber(pid) and not lives(tonumber(pid)) then
      dead[#dead + 1] = pid
    end
  end
  if #dead == 0 then
    return false
  end
  change(dict, function(list)
    for i = 1, #dead do
      list[dead[i]] = nil
    end
  end)
  return true
end

return _M
