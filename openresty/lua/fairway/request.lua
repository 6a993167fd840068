-- What the phases of one request tell each other. Not ngx.ctx, which is lost when an error page takes over: a table by the
-- address of nginx's own request, taken away when it is logged.

local ffi = require "ffi"
local base = require "resty.core.base"

local get_request = base.get_request
local cast, tonumber = ffi.cast, tonumber
local uintptr = ffi.typeof("uintptr_t")

local _M = {}

local requests = {}

local function key()
  return tonumber(cast(uintptr, get_request()))
end

--- This request's table; nil where none was begun.
function _M.get()
  return requests[key()]
end

--- Begins this request's table.
function _M.begin(context)
  requests[key()] = context
  return context
end

--- Ends it.
-- @return the table, or nil
function _M.finish()
  local at = key()
  local context = requests[at]
  if context then
    requests[at] = nil
  end
  return context
end

return _M
