-- The options of Lua's part, read from the environment once at start; docs/edge.md lists them all. What is nginx's part stands in
-- the files that ../edge writes.

local addresses = require "fairway.addresses"

local tonumber, ipairs = tonumber, ipairs
local floor = math.floor

local _M = {}

--- Of the house; Directory.Build.props has the same.
_M.VERSION = "0.1.0"

local function bad(errors, name, value, rule)
  errors[#errors + 1] = "Edge__" .. name .. " is '" .. value .. "'; it must be " .. rule
end

local function number(get, errors, name, default, least, most, whole)
  local value = get("Edge__" .. name)
  if value == nil or value == "" then
    return default
  end
  local read = tonumber(value)
  if not read or read ~= read or read < least or read > most or (whole and floor(read) ~= read) then
    bad(errors, name, value, (whole and "a whole number" or "a number") .. " from " .. least .. " to " .. most)
    return default
  end
  return read
end

local function gateways(get, errors)
  local text = get("Edge__Gateways")
  if text == nil or text == "" then
    text = "http://127.0.0.1:8080"
  end
  local targets = {}
  for member in text:gmatch("[^,%s]+") do
    local authority = member:match("^http://([^/]+)/?$")
    local host, port = addresses.split(authority or "")
    if not host and authority and addresses.split(authority .. ":80") then
      host, port = authority, 80
    end
    if host then
      targets[#targets + 1] = { host = host, port = port }
    else
      bad(errors, "Gateways", member, "http://ip:port, several separated by commas")
    end
  end
  if #targets == 0 then
    bad(errors, "Gateways", text, "http://ip:port, several separated by commas")
  end
  return targets
end

local function ranges(get, errors, name)
  local read, member = addresses.ranges(get("Edge__" .. name) or "")
  if not read then
    bad(errors, name, member, "IP addresses or IPv4 ranges such as 10.0.0.0/8, separated by commas")
  end
  return read or {}
end

local function redis(get, errors)
  local text = get("Edge__Redis")
  if text == nil or text == "" then
    return nil
  end
  local host, port = addresses.split(text)
  if not host then
    bad(errors, "Redis", text, "ip:port")
    return nil
  end
  return { host = host, port = port }
end

local function lane_keys(get, names, errors)
  local keys, count, only = {}, 0, nil
  for _, name in ipairs(names) do
    local kid = name:match("^Lanes__Keys__(.+)$")
    local secret = kid and get(name)
    if secret and secret ~= "" then
      keys[kid], count, only = secret, count + 1, kid
    end
  end
  local current = get("Lanes__SigningKey")
  if current == nil or current == "" then
    current = count == 1 and only or nil
    if count > 1 then
      errors[#errors + 1] = "there are several Lanes__Keys; Lanes__SigningKey must say which one signs"
    end
  elseif not keys[current] then
    errors[#errors + 1] = "Lanes__SigningKey is '" .. current .. "', and there is no Lanes__Keys__" .. current
    current = nil
  end
  return keys, current
end

local function text(get, name)
  local value = get(name)
  return value ~= "" and value or nil
end

-- Who this edge is; ../edge makes up a name where none is set.
local function own_id(get, errors)
  local id = text(get, "Edge__Id")
  if id and (#id > 128 or id:find("[^%w._-]") or id == "." or id == "..") then
    bad(errors, "Id", id, "1-128 of A-Za-z0-9._-")
    return nil
  end
  return id
end

local function own_address(get, errors)
  local address = text(get, "Edge__AdvertiseAddress")
  if address and not addresses.split(address) then
    bad(errors, "AdvertiseAddress", address, "ip:port")
    return nil
  end
  return address
end

-- What gateways enter this edge in the registry by.
local function introduction(id, address)
  if not id then
    return ""
  end
  return "x-fairway-edge: " .. id .. "\r\nx-fairway-edge-version: " .. _M.VERSION .. "\r\n"
    .. (address and ("x-fairway-edge-address: " .. address .. "\r\n") or "")
end

--- Reads all options.
-- @param get function of a name, as os.getenv
-- @param names of all variables there are
-- @return options, or nil and a list of what is wrong
function _M.read(get, names)
  local errors = {}
  local function whole(name, default, least, most)
    return number(get, errors, name, default, least, most, true)
  end
  local function any(name, default, least, most)
    return number(get, errors, name, default, least, most, false)
  end
  local prefix = get("Edge__Prefix") or "."
  local keys, current = lane_keys(get, names, errors)
  local reader = text(get, "Auth__RegistrarKey")
  local id, address = own_id(get, errors), own_address(get, errors)
  local options = {
    gateways = gateways(get, errors),
    id = id,
    gateway_headers = (reader and ("x-registrar-key: " .. reader .. "\r\n") or "") .. introduction(id, address),
    zone = get("Edge__Zone") or "",
    poll_seconds = whole("PollSeconds", 10, 1, 60),
    interval_seconds = any("IntervalSeconds", 1, 0.05, 60),
    fallback_seconds = any("FallbackSeconds", 2, 0, 3600),
    half_life_seconds = any("HalfLifeSeconds", 60, 0.1, 86400),
    hold_seconds = any("HoldSeconds", 10, 0, 3600),
    max_snapshot_bytes = whole("MaxSnapshotMib", 64, 1, 1024) * 1048576,
    snapshot_file = prefix .. "/state/snapshot",
    retries = whole("Retries", 2, 0, 10),
    retry_share = any("RetryShare", 0.2, 0, 1),
    retries_per_second = any("RetriesPerSecond", 3, 0, 10000),
    eject_failures = whole("EjectFailures", 3, 1, 1000),
    eject_seconds = any("EjectSeconds", 5, 0.05, 3600),
    eject_max_seconds = any("EjectMaxSeconds", 60, 0.05, 86400),
    eject_share = any("EjectShare", 0.5, 0, 1),
    trusted_proxies = ranges(get, errors, "TrustedProxies"),
    trusted_hops = ranges(get, errors, "TrustedHops"),
    hs256 = text(get, "Auth__Hs256Secret"),
    jwks_file = text(get, "Auth__JwksFile"),
    admin_key = text(get, "Auth__AdminKey"),
    lane_keys = keys,
    lane_key = current,
    lane_seconds = whole("LabelSeconds", 300, 1, 86400),
    redis = redis(get, errors),
    redis_ms = whole("RedisTimeoutMs", 100, 1, 60000),
    redis_password = text(get, "Edge__RedisPassword"),
    recent_size = whole("RecentSize", 1000, 1, 1000000),
    cold_seconds = any("ColdStartSeconds", 30, 0, 3600),
    caches = whole("CacheMib", 0, 0, 65536) > 0,
  }
  if #errors > 0 then
    return nil, errors
  end
  return options
end

return _M
