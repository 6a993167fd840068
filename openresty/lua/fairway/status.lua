-- `/edge/status`: what this edge knows and does, for people and scripts.

local cjson = require "cjson.safe"
local ejection = require "fairway.ejection"
local figures = require "fairway.figures"
local relay = require "fairway.relay"
local redis = require "fairway.redis"
local store = require "fairway.store"
local users = require "fairway.users"
local view = require "fairway.view"

local ngx = ngx
local ipairs, pairs = ipairs, pairs

local _M = {}

-- Not every cjson tells an empty array from an empty object.
local NONE = "__none__"

local function array(values)
  return values[1] and values or NONE
end

local function instances(entry)
  local lines, out = {}, ejection.all()
  for i, id in ipairs(entry.id) do
    local address = entry.address[i]
    lines[i] = {
      id = id, address = address, lane = entry.lane[i] ~= "" and entry.lane[i] or cjson.null, zone = entry.zone[i],
      state = view.offline[address] and "offline" or entry.state[i], weight = entry.weight[i],
      inFlight = figures.get(figures.slot(address)), ejectedMs = out[address] and math.floor(out[address] * 1000) or cjson.null,
    }
  end
  return array(lines)
end

--- Text of a document whose empty arrays went through `array`.
function _M.encode(document)
  return (cjson.encode(document):gsub('"' .. NONE .. '"', "[]"))
end
_M.array = array

--- The document.
-- @param config the edge's options
function _M.document(config)
  local services, gateways = {}, {}
  for name, entry in pairs(view.all()) do
    services[name] = { mode = entry.mode, instances = instances(entry) }
  end
  for i, gateway in ipairs(relay.list()) do
    gateways[i] = { id = gateway.id, address = gateway.address }
  end
  local contact, age, stale = store.get("contact"), view.fallback_age(), store.get("stale") or -1
  return _M.encode({
    id = config.id or cjson.null,
    version = store.version() or cjson.null,
    gateway = store.get("gateway") or cjson.null,
    ageMs = contact and math.floor(math.max(0, ngx.now() - contact) * 1000) or cjson.null,
    stale = stale >= 0, staleMs = math.max(0, stale),
    mode = age and "fallback" or "normal",
    fallbackMs = age and math.floor(age * 1000) or cjson.null,
    worker = ngx.worker.pid(), workers = ngx.worker.count(), zone = config.zone,
    verifiesTokens = users.verifies(), signsLabels = config.lane_key ~= nil, redis = redis.is_on(),
    gateways = array(gateways), services = services,
  })
end

return _M
