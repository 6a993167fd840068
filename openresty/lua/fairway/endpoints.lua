-- The instances a request may be sent to, with what every policy needs made ready: one list for each service, lane and
-- protocol, made anew when the service changes. Those of weight 0 are not in it. What is known of an instance is kept from list to
-- list, by id and address. Follows Core/Balancing/EndpointList, Endpoint and Scored; docs/balancing.md has it step by step.

local alias = require "fairway.alias"
local addresses = require "fairway.addresses"

local ceil, huge, exp, min, max = math.ceil, math.huge, math.exp, math.min, math.max
local sort = table.sort

local _M = {}

--- Prequal's Q_RIF: the share of reported figures that are not hot.
local HOT_QUANTILE = 0.84
--- A typical latency is a mean over about so many requests, of about so many seconds at most.
local TYPICAL_REQUESTS, TYPICAL_SECONDS = 50, 30
--- What is held against one that nobody asks fades with this time constant, seconds.
local FORGIVENESS = 20
--- An instance may be so much slower than the fast quarter without losing weight; the least that it keeps.
local SLOW_FACTOR, LEAST_PREFERENCE = 1.3, 0.01
--- Below this ratio of the fast quarter's latency to its own an instance has the least preference anyhow.
local HOPELESS = 0.45

-- The smallest of the figures that a share of them do not exceed; nil of none.
local function quantile(figures, share)
  if #figures == 0 then
    return nil
  end
  sort(figures)
  return figures[ceil(share * #figures)]
end

-- What a list says of an instance, taken into what is known of it.
local function learn(node, member, now, span)
  if member.in_flight >= 0 then
    local at = now - max(0, member.age_ms) / 1000
    if not node.reported_at or at >= node.reported_at then
      node.reported, node.reported_at = member.in_flight, at
    end
  end
  if not span then
    node.typical = member.latency_ms >= 0 and member.latency_ms or nil
  elseif member.latency_ms >= 0 and member.rps > 0 then
    local share = max(member.rps * span / TYPICAL_REQUESTS, span / TYPICAL_SECONDS)
    node.typical = node.typical and node.typical + (member.latency_ms - node.typical) * min(1, share) or member.latency_ms
  elseif node.typical then
    node.typical = node.typical * exp(-span / FORGIVENESS)
  end
end

local function node_of(member, host, port, before, now)
  local node = before and before.by_id[member.id]
  if node and node.address == member.address then
    node.zone = member.zone
    learn(node, member, now, now - before.at)
    return node
  end
  -- Another address is another process: what was learned of the old one is not true of it.
  node = { id = member.id, address = member.address, host = host, port = port, zone = member.zone or "", weight = 0, preference = 1 }
  learn(node, member, now, nil)
  return node
end

-- Weights of mode `scored`: within the slow factor of the fast quarter all are alike, beyond it they lose by the sixth power.
local function prefer(list)
  local known, reported = {}, {}
  for i = 1, list.count do
    local node = list[i]
    if node.typical and node.typical > 0 then
      known[#known + 1] = node.typical
    end
    if node.reported then
      reported[#reported + 1] = node.reported
    end
  end
  local fast = quantile(known, 0.25)
  local weights = {}
  for i = 1, list.count do
    local node = list[i]
    node.preference = 1
    if fast and node.typical then
      local ratio = fast * SLOW_FACTOR / node.typical
      if ratio < 1 then
        local cube = ratio * ratio * ratio
        node.preference = max(LEAST_PREFERENCE, cube * cube)
        if ratio < HOPELESS then
          node.typical = fast * SLOW_FACTOR / HOPELESS -- so that it is forgiven no later than one that is merely very slow
        end
      end
    end
    weights[i] = list.weight[i] * node.preference
  end
  list.hot_above = quantile(reported, HOT_QUANTILE) or huge
  return weights
end

--- Makes a list.
-- @param members array, best first, of {id, address, zone, weight, in_flight, age_ms, latency_ms, rps}; -1 is unknown
-- @param mode "scored", "manual" or "hash"
-- @param before the list that this one follows, or nil
-- @param now seconds
function _M.new(members, mode, before, now)
  local list = { count = 0, at = now, mode = mode, weight = {}, by_address = {}, by_id = {}, total_weight = 0 }
  local count, sum = 0, 0
  for i = 1, #members do
    local member = members[i]
    local host, port = addresses.split(member.address)
    if host and member.weight > 0 then
      count = count + 1
      local node = node_of(member, host, port, before, now)
      list[count], list.weight[count] = node, member.weight
      list.by_address[member.address], list.by_id[member.id] = node, node
      sum = sum + member.weight
    end
  end
  list.count, list.total_weight = count, sum
  if before then
    for i = 1, before.count do
      before[i].weight = 0
    end
  end
  local weights = mode == "scored" and prefer(list) or list.weight
  for i = 1, count do
    list[i].weight = weights[i]
  end
  list.keep, list.alias = alias.build(weights)
  -- Answers that came live on with the list.
  list.answers = before and before.answers or {}
  list.reports = before and before.reports or false
  return list
end

--- Takes in what an instance said of itself, unless a newer word is known.
function _M.report(node, in_flight, now)
  if in_flight >= 0 and (not node.reported_at or now >= node.reported_at) then
    node.reported, node.reported_at = in_flight, now
  end
end

--- The first after an index, in a circle, that is not excluded; nil where all others are.
function _M.next(list, index, call, hooks)
  local count = list.count
  for step = 1, count - 1 do
    local other = (index - 1 + step) % count + 1
    if not hooks.excludes(list[other], call) then
      return list[other]
    end
  end
  return nil
end

--- Draws by weight one that is not excluded; nil where all are.
-- @param hooks excludes(node, call), in_flight(node), random()
function _M.draw(list, call, hooks)
  local count = list.count
  if count == 0 then
    return nil
  end
  local index
  for _ = 1, 8 do
    index = alias.pick(list.keep, list.alias, count, hooks.random())
    local node = list[index]
    if not hooks.excludes(node, call) then
      return node
    end
  end
  return _M.next(list, index, call, hooks)
end

return _M
