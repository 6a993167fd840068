local helper = require "spec_helper"
local cjson = require "cjson"
local endpoints = require "fairway.endpoints"
local ring = require "fairway.ring"
local scored = require "fairway.scored"
local zones = require "fairway.zones"

local function known(value)
  return value ~= nil and value ~= cjson.null and value or nil
end

-- The list of a case, as a worker makes it: usable ones, weights times zone factors.
local function list_of(case, mode)
  local members, by_zone, own, out = {}, {}, {}, {}
  for _, instance in ipairs(case.instances) do
    local state = known(instance.state) or "ready"
    if state == "ready" or state == "warming" or state == "unknown" or (state == "ejected" and known(case.panic)) then
      local zone = known(instance.zone) or ""
      members[#members + 1] = {
        id = instance.id, address = "10.0.0.1:" .. #members + 1, weight = instance.weight, zone = zone, in_flight = known(instance.reported) or -1,
        age_ms = 0, latency_ms = known(instance.typicalMs) or -1, rps = known(instance.rps) or -1,
      }
      by_zone[zone] = (by_zone[zone] or 0) + instance.weight
      own[instance.id] = known(instance.own) or 0
      out[instance.id] = known(instance.out) or false
    end
  end
  local zone = known(case.zone) or ""
  local mine, others = zones.factors(by_zone, zone)
  others = math.max(others, zones.LAST_RESORT)
  for _, member in ipairs(members) do
    member.weight = member.weight * (member.zone == zone and mine or others)
  end
  return endpoints.new(members, mode, nil, 0), own, out, zone
end

local function replay(case, mode)
  local list, own, out, zone = list_of(case, mode)
  local draws, at = {}, 0
  local hooks = {
    random = function()
      at = at + 1
      return assert(draws[at], case.name .. ": more draws than recorded")
    end,
    in_flight = function(node) return own[node.id] end,
    excludes = function(node, call)
      return out[node.id] or call.tried[node.id] == true or (call.zones ~= nil and zones.tried(call.zones, node.zone))
    end,
  }
  local function pick(step, call, total)
    if mode == "hash" then
      return ring.pick(list, ring.position(step.key), known(case.boundFactor) or 1.25, total, call, hooks)
    elseif mode == "manual" then
      return scored.manual(list, call, hooks)
    end
    return scored.pick(list, call, hooks, step.at / 1000)
  end
  for number, step in ipairs(case.steps) do
    local name = case.name .. ", step " .. number
    draws, at = known(step.draws) or {}, 0
    if step["do"] == "pick" then
      local call, total = { tried = {} }, 0
      for _, id in ipairs(known(step.tried) or {}) do
        call.tried[id] = true
        if zone ~= "" then
          call.zones = zones.note(call.zones, list.by_id[id].zone)
        end
      end
      for i = 1, list.count do
        total = total + own[list[i].id]
      end
      local node = pick(step, call, total)
      if not node and call.zones then
        call.zones = nil
        node = pick(step, call, total)
      end
      assert.equal(known(step.chosen), node and node.id, name)
      if node then
        own[node.id] = own[node.id] + 1
      end
    elseif step["do"] == "report" then
      if list.by_id[step.id] then
        scored.reported(list, list.by_id[step.id], step.inFlight, hooks, step.at / 1000)
      end
    elseif own[step.id] then
      own[step.id] = own[step.id] - 1
    end
    assert.equal(#draws, at, name .. ": draws")
  end
end

describe("the policies, by the vectors of C#", function()
  for _, mode in ipairs({ "scored", "manual", "hash" }) do
    it("choose alike in mode " .. mode, function()
      local vectors = assert(helper.vectors("balancing/" .. mode .. ".json"), "tests/vectors/balancing is missing")
      assert.is_true(#vectors.cases >= 10)
      for _, case in ipairs(vectors.cases) do
        replay(case, mode)
      end
    end)
  end
end)
