-- What one worker has made ready of the store: the services it was asked for, the tables, and for each service its lists by
-- lane and protocol. It follows the store change by change.

local cjson = require "cjson.safe"
local store = require "fairway.store"
local endpoints = require "fairway.endpoints"
local ejection = require "fairway.ejection"
local figures = require "fairway.figures"
local lanes = require "fairway.lanes"
local grey = require "fairway.grey"
local ring = require "fairway.ring"
local zones = require "fairway.zones"

local decode = cjson.decode
local now = ngx.now
local pairs, ipairs, type, next = pairs, ipairs, type, next
local max, sub = math.max, string.sub

local _M = {}

--- A service whose entry is longer than this is decoded between requests, not within one, bytes.
local LARGE = 65536
--- How often weights decay anew while no gateway answers, seconds.
local DECAY_EVERY = 1

local config
local seen
local services, dirty = {}, {}
local empty = {
  id = {}, address = {}, lane = {}, state = {}, weight = {}, protocol = {}, zone = {}, inFlight = {}, age = {}, latency = {}, rps = {}, mode = "scored",
}

_M.lanes, _M.grey, _M.limits, _M.offline, _M.gateways = {}, {}, {}, {}, {}
_M.lanes_version = "0"
--- Whether lanes or grey rules are in use at all.
_M.coloured = false
--- Since when no gateway answers (Unix seconds), nil while one does.
_M.failing = nil

function _M.configure(options)
  config = options
end

local USABLE = { ready = true, warming = true, unknown = true }

local function set_of(values)
  local set = {}
  for _, value in ipairs(values) do
    set[value] = true
  end
  return set
end

local readers = {
  lanes = function(value) _M.lanes = lanes.prepare(value) end,
  grey = function(value)
    local rules = {}
    for service, rule in pairs(value) do
      if type(rule) == "table" and type(rule.target) == "string" then
        rules[service] = grey.prepare(rule)
      end
    end
    _M.grey = rules
  end,
  limits = function(value) _M.limits = value end,
  offline = function(value)
    _M.offline = set_of(value)
    for _, entry in pairs(services) do
      entry.before, entry.pools = entry.pools or entry.before, nil
    end
  end,
  gateways = function(value) _M.gateways = value end,
}

local function read_table(name)
  local value = decode(store.get("t:" .. name) or "{}")
  readers[name](type(value) == "table" and value or {})
  if name == "lanes" or name == "grey" then
    _M.lanes_version = store.get("at:lanes") or store.version() or "0"
    _M.coloured = next(_M.lanes) ~= nil or next(_M.grey) ~= nil
  end
end

local function read_contact()
  _M.failing = store.get("failing")
end

local function all_anew()
  for name in pairs(services) do
    dirty[name] = true
  end
  for name in pairs(readers) do
    read_table(name)
  end
  read_contact()
  ejection.sync()
end

local function changed(key)
  local kind, name = sub(key, 1, 2), sub(key, 3)
  if kind == "s:" then
    dirty[name] = services[name] and true or nil
  elseif kind == "t:" then
    read_table(name)
  elseif key == "contact" then
    read_contact()
  elseif key == "ejections" then
    ejection.sync()
  end
end

-- Follows the store change by change.
local function follow(seq)
  if not seen or seq < seen or seq - seen >= store.LOG then
    all_anew()
  else
    for number = seen + 1, seq do
      local key = store.get("log:" .. number)
      if not key then
        all_anew()
        break
      end
      changed(key)
    end
  end
  seen = seq
end

--- Follows the store; one read of memory where nothing changed.
function _M.sync()
  local seq = figures.sequence()
  if seq ~= seen then
    follow(seq)
  end
end

-- Instances that the registry says are back have nothing held against them.
local function forgive_returned(before, entry)
  if not before then
    return
  end
  local was = {}
  for i, address in ipairs(before.address) do
    was[address] = USABLE[before.state[i]] or false
  end
  for i, address in ipairs(entry.address) do
    if USABLE[entry.state[i]] and not was[address] then
      ejection.forgive(address)
    end
  end
end

--- A service, or nil.
-- @param patient whether a large one is decoded now rather than at the next tick
function _M.service(name, patient)
  local entry = services[name]
  if entry and not dirty[name] then
    return entry
  end
  local text = store.get("s:" .. name)
  if not text then
    services[name], dirty[name] = nil, nil
    return nil
  end
  if entry and not patient and #text > LARGE then
    return entry
  end
  local fresh = decode(text) or empty
  fresh.name, fresh.before = name, entry and (entry.pools or entry.before) or nil
  forgive_returned(entry, fresh)
  services[name], dirty[name] = fresh, nil
  return fresh
end

--- Between requests: decodes what changed of the services in use.
function _M.tick()
  -- Workers of before a reload share no memory with who writes now: they ask the dictionary.
  local seq = store.seq()
  if seq ~= seen then
    follow(seq)
  end
  for name in pairs(dirty) do
    _M.service(name, true)
  end
end

--- Seconds since a gateway answered, while that is long enough to fall back; else nil.
function _M.fallback_age()
  local failing = _M.failing
  if not failing or now() - failing < config.fallback_seconds then
    return nil
  end
  return now() - (store.get("contact") or failing)
end

local function group_of(protocol)
  return (protocol == "grpc" or protocol == "grpcs") and "grpc" or "http"
end

-- Weights with the zone reckoned in.
local function prefer_zone(members)
  local by_zone = {}
  for _, member in ipairs(members) do
    by_zone[member.zone] = (by_zone[member.zone] or 0) + member.weight
  end
  local own, others = zones.factors(by_zone, config.zone)
  others = max(others, zones.LAST_RESORT)
  for _, member in ipairs(members) do
    member.weight = member.weight * (member.zone == config.zone and own or others)
  end
end

-- Without a gateway a weight is as old as the last answer: it decays to neutral. An operator's weights stand.
local function decay(entry, members, age)
  local factor = 0.5 ^ (age / config.half_life_seconds)
  for _, member in ipairs(members) do
    if entry.mode ~= "manual" and member.weight > 0 then
      member.weight = 1 + (member.weight - 1) * factor
    end
    member.in_flight = -1
  end
end

local function make_pool(entry, pool, before, age)
  if age then
    decay(entry, pool.members, age)
  end
  if config.zone ~= "" then
    prefer_zone(pool.members)
  end
  local list = endpoints.new(pool.members, entry.mode, before, now())
  if ring.fits(before, list) then
    list.ring = before.ring
  end
  for i = 1, list.count do
    local node = list[i]
    node.slot = node.slot or figures.slot(node.address)
  end
  list.slot = entry.mode == "hash" and figures.slot("s:" .. entry.name) or nil
  list.base = { rule = "base", list = list, usable = #pool.members }
  list.entry, list.lane, list.scheme, list.usable, list.present = entry, pool.lane, pool.protocol, #pool.members, pool.present
  return list
end

local function make_pools(entry)
  local age = _M.fallback_age()
  local panic = set_of(type(entry.panic) == "table" and entry.panic or {})
  local pools = { http = {}, grpc = {} }
  for i, state in ipairs(entry.state) do
    local lane, protocol, address = entry.lane[i], entry.protocol[i], entry.address[i]
    local group = pools[group_of(protocol)]
    local pool = group[lane]
    if not pool then
      pool = { lane = lane, members = {}, present = {} }
      group[lane] = pool
    end
    if (USABLE[state] or (state == "ejected" and panic[lane])) and not _M.offline[address] then
      pool.protocol = pool.protocol or protocol
      -- One list has one protocol: that of its best instance.
      if protocol == pool.protocol then
        pool.members[#pool.members + 1] = {
          id = entry.id[i], address = address, weight = entry.weight[i], zone = entry.zone[i], in_flight = entry.inFlight[i],
          age_ms = entry.age[i], latency_ms = entry.latency[i], rps = entry.rps[i],
        }
        pool.present[address] = (pool.present[address] or 0) + 1
      end
    end
  end
  local before = entry.pools or entry.before or { http = {}, grpc = {} }
  for kind, group in pairs(pools) do
    for lane, pool in pairs(group) do
      group[lane] = make_pool(entry, pool, before[kind][lane], age)
    end
  end
  entry.pools, entry.pools_at, entry.fallback_age, entry.before = pools, now(), age, nil
  return pools
end

--- The list of a lane ("" is base), or nil where the lane has no instance.
-- @param group "http" or "grpc"
function _M.list(entry, lane, group)
  local pools = entry.pools
  if not pools then
    return make_pools(entry)[group][lane]
  end
  if _M.failing then
    -- Weights decay as the list ages, and begin to as soon as it is old enough.
    if now() - entry.pools_at > DECAY_EVERY or (not entry.fallback_age and _M.fallback_age()) then
      pools = make_pools(entry)
    end
  elseif entry.fallback_age then
    pools = make_pools(entry)
  end
  return pools[group][lane]
end

--- All services by name, for people: decoded if they were not.
function _M.all()
  local all = {}
  for name in pairs(store.held()) do
    all[name] = _M.service(name, true)
  end
  return all
end

return _M
