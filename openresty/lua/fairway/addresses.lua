-- `ip:port` and CIDR ranges. Pure.

local match, find, byte = string.match, string.find, string.byte
local tonumber, type = tonumber, type
local floor = math.floor

local _M = {}

--- Splits `ip:port` or `[ipv6]:port`.
-- @return host (IPv6 in its brackets) and port, or nil
function _M.split(address)
  if type(address) ~= "string" then
    return nil
  end
  local host, port = match(address, "^([%d.]+):(%d+)$")
  if not host then
    host, port = match(address, "^(%[[%x:.]+%]):(%d+)$")
  end
  port = tonumber(port)
  if not host or port < 1 or port > 65535 then
    return nil
  end
  return host, port
end

local function number(text, most)
  return text ~= "" and #text <= 5 and (text == "0" or byte(text) ~= 48) and not find(text, "%D") and tonumber(text) <= most
end

--- Whether a text has the form of an address in a label: four numbers of 0-255 without leading zeros, or in brackets
-- 2-45 of hexadecimal digits, colons and dots with two colons at least; port 1-65535 without leading zeros.
function _M.is_ip_port(text)
  local host, port = match(text, "^(.+):([^:]*)$")
  if not host or not number(port, 65535) or port == "0" then
    return false
  end
  local inner = match(host, "^%[(.*)%]$")
  if inner then
    local _, colons = inner:gsub(":", "")
    return #inner >= 2 and #inner <= 45 and not find(inner, "[^%x:.]") and colons >= 2
  end
  local a, b, c, d = match(host, "^([^.]*)%.([^.]*)%.([^.]*)%.([^.]*)$")
  return a ~= nil and number(a, 255) and number(b, 255) and number(c, 255) and number(d, 255) or false
end

local function ipv4(text)
  local a, b, c, d = match(text, "^(%d+)%.(%d+)%.(%d+)%.(%d+)$")
  if not a then
    return nil
  end
  a, b, c, d = tonumber(a), tonumber(b), tonumber(c), tonumber(d)
  if a > 255 or b > 255 or c > 255 or d > 255 then
    return nil
  end
  return ((a * 256 + b) * 256 + c) * 256 + d
end

--- Reads a list of IPv4 addresses and CIDR ranges, separated by commas; IPv6 only as whole addresses.
-- @return ranges for `within`, or nil and the member that is none
function _M.ranges(text)
  local ranges = {}
  for member in text:gmatch("[^,%s]+") do
    local address, bits = match(member, "^([^/]+)/(%d+)$")
    local base = ipv4(address or member)
    bits = tonumber(bits or 32)
    if base and bits <= 32 then
      local size = 2 ^ (32 - bits)
      ranges[#ranges + 1] = { floor(base / size), size }
    elseif not address and find(member, "^[%x:]+$") then
      ranges[member] = true
    else
      return nil, member
    end
  end
  return ranges
end

--- Whether an address lies in one of the ranges.
function _M.within(ranges, address)
  if ranges[address] then
    return true
  end
  if #ranges == 0 then
    return false
  end
  local number_of = ipv4(address)
  if number_of then
    for i = 1, #ranges do
      if floor(number_of / ranges[i][2]) == ranges[i][1] then
        return true
      end
    end
  end
  return false
end

return _M
