-- The document of `GET /v1/edge/snapshot`: what makes one good, and the form that workers keep of a service. Pure.

local type, pairs, ipairs = type, pairs, ipairs
local version = require "fairway.version"

local _M = {}

--- Names of the tables that a document has whole, or not at all.
_M.TABLES = { "lanes", "grey", "offline", "limits", "gateways" }

local STATES = { ready = true, warming = true, draining = true, ejected = true, down = true, offline = true, unknown = true }
local MODES = { scored = true, manual = true, hash = true }

local function finite(number)
  return type(number) == "number" and number == number and number >= 0 and number < 1e300
end

local function text(value)
  return type(value) == "string" and value or ""
end

local function check_instance(line)
  if type(line) ~= "table" or type(line.id) ~= "string" or line.id == "" or type(line.address) ~= "string" then
    return nil, "an instance lacks id or address"
  end
  if not line.address:match("^[%[%]%x:.]+:%d+$") then
    return nil, "an address is no ip:port"
  end
  if not finite(line.weight) or not STATES[line.state] then
    return nil, "an instance lacks weight or state"
  end
  return true
end

local function check_service(service)
  if type(service) ~= "table" or type(service.instances) ~= "table" then
    return nil, "a service lacks its instances"
  end
  if not MODES[service.mode] then
    return nil, "a service has an unknown mode"
  end
  for _, line in ipairs(service.instances) do
    local ok, err = check_instance(line)
    if not ok then
      return nil, err
    end
  end
  return true
end

--- Whether a decoded document is whole: what is not is refused before anything of it is used.
function _M.check(doc)
  if type(doc) ~= "table" or not version.parse(doc.version) then
    return nil, "no version"
  end
  if type(doc.services) ~= "table" or (doc.removed ~= nil and type(doc.removed) ~= "table") then
    return nil, "no services"
  end
  if doc.full ~= true and type(doc.base) ~= "string" then
    return nil, "neither full nor a base"
  end
  for name, service in pairs(doc.services) do
    local ok, err = check_service(service)
    if not ok then
      return nil, err .. ": " .. tostring(name)
    end
  end
  for _, name in ipairs(_M.TABLES) do
    local value = doc[name]
    if value ~= nil and type(value) ~= "table" and type(value) ~= "userdata" then
      return nil, name .. " is no table"
    end
  end
  return true
end

--- A service in columns: many instances decode several times faster this way than as a table each.
-- Figures are -1 where nothing was reported; the empty lane is base.
function _M.columns(service)
  local policy = type(service.policy) == "table" and service.policy or {}
  local columns = {
    mode = service.mode, panic = service.panic,
    hashKey = type(policy.hashKey) == "string" and policy.hashKey or nil,
    boundFactor = type(policy.boundFactor) == "number" and policy.boundFactor or nil,
    id = {}, address = {}, protocol = {}, lane = {}, zone = {}, weight = {}, state = {}, inFlight = {}, age = {}, latency = {},
    rps = {},
  }
  for i, line in ipairs(service.instances) do
    columns.id[i] = line.id
    columns.address[i] = line.address
    columns.protocol[i] = type(line.protocol) == "string" and line.protocol or "http"
    columns.lane[i] = text(line.lane)
    columns.zone[i] = text(line.zone)
    columns.weight[i] = line.weight
    columns.state[i] = line.state
    columns.inFlight[i] = finite(line.inFlight) and line.inFlight or -1
    columns.age[i] = finite(line.ageMs) and line.ageMs or -1
    columns.latency[i] = finite(line.latencyMs) and line.latencyMs or -1
    columns.rps[i] = finite(line.rps) and line.rps or -1
  end
  return columns
end

--- Whether a full document would take away so much that it is rather believed to be a mistake: over half of all
-- instances, as the Gateway's own rule for re-listings has it.
-- @param held instances by service before
-- @param doc the full document
function _M.loses_most(held, doc)
  local before, lost = 0, 0
  for name, count in pairs(held) do
    before = before + count
    local service = doc.services[name]
    local now = service and #service.instances or 0
    lost = lost + math.max(0, count - now)
  end
  return before > 0 and lost * 2 > before
end

return _M
