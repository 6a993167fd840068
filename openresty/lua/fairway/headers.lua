-- Whether a request has any header that the edge must look at. Most have none, and then their headers are not made into a table:
-- names are compared where nginx keeps them, each of a repeated one.

local ffi = require "ffi"
local base = require "resty.core.base"

local C = ffi.C
local get_request = base.get_request

local _M = {}

local MOST = 64

-- Of nginx's Lua module; its own Lua library declares and uses the same.
local usable = pcall(function()
  require "resty.core.request"
  return C.ngx_http_lua_ffi_req_get_headers_count and C.ngx_http_lua_ffi_req_get_headers
end)
local lines = usable and ffi.new("ngx_http_lua_ffi_table_elt_t[?]", MOST)
local truncated = ffi.new("int[1]")

local B, C_, I, L, R, T, X, A = 98, 99, 105, 108, 114, 116, 120, 97

-- cookie, baggage, x-region, tracestate, x-lane-sig, authorization, x-infr-stress, x-infr-offline, x-infr-flowtype: told by their length
-- and a letter or two; another header that looks alike only costs a closer look.
local function looks(length, name)
  local first = name[0]
  if length == 6 then
    return first == C_
  elseif length == 7 then
    return first == B
  elseif length == 8 then
    return first == X and name[2] == R
  elseif length == 10 then
    return first == T or (first == X and name[2] == L)
  elseif length == 13 then
    return first == A or (first == X and name[2] == I)
  elseif length == 14 or length == 15 then
    return first == X and name[2] == I
  end
  return false
end

--- Whether the request must be looked at.
function _M.any()
  if not usable then
    return true
  end
  local request = get_request()
  local count = C.ngx_http_lua_ffi_req_get_headers_count(request, 0, truncated)
  if count < 0 or count > MOST then
    return true
  end
  if count == 0 then
    return false
  end
  if C.ngx_http_lua_ffi_req_get_headers(request, lines, count, 0) ~= 0 then
    return true
  end
  for i = 0, count - 1 do
    if looks(lines[i].key.len, lines[i].key.data) then
      return true
    end
  end
  return false
end

return _M
