local helper = require "spec_helper"
local cjson = require "cjson"
local grey = require "fairway.grey"
local labels = require "fairway.labels"
local lanes = require "fairway.lanes"

local function known(value)
  return value ~= cjson.null and value or nil
end

-- The function that the router asks for a lane's instances, of a case.
local function usable_of(case)
  local panic, offline = {}, {}
  for _, lane in ipairs(case.panic) do
    panic[lane] = true
  end
  for _, list in ipairs({ case.routerOffline, case.requestOffline }) do
    for _, address in ipairs(list) do
      offline[address] = true
    end
  end
  return function(lane)
    local list = {}
    for _, instance in ipairs(case.instances) do
      local state = instance.state
      local usable = state == "ready" or state == "warming" or state == "unknown" or (state == "ejected" and panic[lane])
      if (known(instance.lane) or "") == lane and usable and not offline[instance.address] then
        list[#list + 1] = instance.id
      end
    end
    return list, #list
  end
end

describe("lanes", function()
  it("decide as every router does", function()
    local cases = assert(helper.vectors("lanes/routes.json"), "tests/vectors/lanes/routes.json is missing").routes
    assert.is_true(#cases > 20)
    for number, case in ipairs(cases) do
      local environment = {}
      for _, lane in ipairs(case.lanes) do
        environment[lane.lane] = { services = lane.declares and { svc = {} } or {} }
      end
      local label = known(case.label)
      if case.rule == "bad-label" then
        assert.is_false(labels.is_lane(label), "case " .. number)
      else
        local decision = lanes.decide("svc", label, lanes.prepare(environment), usable_of(case))
        local text = "case " .. number .. " " .. cjson.encode(case)
        assert.equal(known(case.code), decision.code, text)
        assert.equal(known(case.lane), decision.lane, text)
        assert.equal(case.rule, decision.rule, text)
        assert.equal(known(case.labelOut), decision.label, text)
        assert.same(case.candidates, decision.code and {} or decision.list, text)
      end
    end
  end)

  it("say why in one line", function()
    local function two() return {}, 2 end
    local decision = lanes.decide("orders", "blue", { blue = { orders = true } }, two)
    assert.equal("label=blue; rule=declared; lane=blue; candidates=2; table=1a-7", lanes.why(decision, "1a-7"))
    local function none() return nil, 0 end
    decision = lanes.decide("orders", nil, {}, none)
    assert.equal("label=none; rule=base; code=NO_PROVIDER; candidates=0; table=1", lanes.why(decision, "1"))
  end)

  it("count a label of no living lane as unknown", function()
    local function one() return {}, 1 end
    assert.is_true(lanes.decide("orders", "gone", {}, one).unknown)
    assert.is_falsy(lanes.decide("orders", "blue", { blue = {} }, one).unknown)
  end)
end)

describe("grey", function()
  it("puts keys into the buckets that C# does", function()
    local cases = assert(helper.vectors("lanes/buckets.json"), "tests/vectors/lanes/buckets.json is missing").buckets
    assert.is_true(#cases > 5)
    for _, case in ipairs(cases) do
      assert.equal(case.bucket, grey.bucket(case.salt, case.key))
    end
  end)

  it("assigns as C# does", function()
    local cases = assert(helper.vectors("lanes/grey.json"), "tests/vectors/lanes/grey.json is missing").grey
    assert.is_true(#cases > 5)
    for number, case in ipairs(cases) do
      local rule = known(case.rule) and grey.prepare(case.rule)
      local lane, reason = grey.assign(rule, known(case.label), known(case.user), known(case.region))
      assert.equal(known(case.assigned), lane, "case " .. number)
      assert.equal(case.reason, reason, "case " .. number)
    end
  end)
end)
