local helper = require "spec_helper"
local alias = require "fairway.alias"
local endpoints = require "fairway.endpoints"
local ring = require "fairway.ring"
local scored = require "fairway.scored"
local zones = require "fairway.zones"
local gateways = require "fairway.gateways"

local function list_of(...)
  local members = {}
  for i, weight in ipairs({ ... }) do
    members[i] = { id = "i" .. i, address = "10.0.0." .. i .. ":80", weight = weight, reported = -1 }
  end
  return endpoints.new(members)
end

local function nobody() return false end
local function idle() return 0 end

describe("alias", function()
  it("draws in proportion to weights", function()
    local weights = { 0.1, 4, 1, 1, 0.5 }
    local keep, aliases = alias.build(weights)
    local counts, draws = { 0, 0, 0, 0, 0 }, 100000
    for i = 0, draws - 1 do
      local index = alias.pick(keep, aliases, 5, (i + 0.5) / draws)
      counts[index] = counts[index] + 1
    end
    for i, weight in ipairs(weights) do
      assert.is_true(math.abs(counts[i] / draws - weight / 6.6) < 0.001)
    end
  end)
end)

describe("scored", function()
  it("leaves out whom nobody may pick", function()
    local list = list_of(1, 0, 2)
    assert.equal(2, list.count)
    assert.equal("i3", list.id[2])
  end)

  it("takes the less loaded of two, for its weight", function()
    local list = list_of(1, 1)
    local load = { 5, 0 }
    local function in_flight(_, index) return load[index] end
    assert.equal(2, scored.pick(list, nobody, nil, in_flight, helper.draws(0.1, 0.9)))
    assert.equal(2, scored.pick(list, nobody, nil, in_flight, helper.draws(0.9, 0.1)))
  end)

  it("lets a hot one give way", function()
    local list = list_of(1, 1, 1, 1, 1, 1, 1)
    for i = 1, 7 do
      list.reported[i] = 1
    end
    list.reported[1] = 50
    list.hot_above = 1
    local load = { 0, 9, 9, 9, 9, 9, 9 }
    assert.equal(7, scored.pick(list, nobody, nil, function(_, i) return load[i] end, helper.draws(0.01, 0.99)))
  end)

  it("never picks whom the call excludes, and nobody where all are", function()
    local list = list_of(1, 1, 1)
    local function only_third(_, index) return index ~= 3 end
    for seed = 1, 50 do
      math.randomseed(seed)
      assert.equal(3, scored.pick(list, only_third, nil, idle, math.random))
    end
    assert.is_nil(scored.pick(list, function() return true end, nil, idle, math.random))
    assert.is_nil(scored.pick(list_of(), nobody, nil, idle, math.random))
  end)
end)

describe("ring", function()
  local function owner(list, key, load)
    list.ring = list.ring or ring.build(list)
    local total = 0
    for _, count in ipairs(load or {}) do
      total = total + count
    end
    return ring.pick(list, list.ring, ring.position(key), 1.25, total, nobody, nil, function(_, i) return load and load[i] or 0 end)
  end

  it("gives a key the same owner each time, and shares by weight", function()
    local list, counts = list_of(1, 2, 1), { 0, 0, 0 }
    for i = 1, 4000 do
      local index = owner(list, "key" .. i)
      assert.equal(index, owner(list, "key" .. i))
      counts[index] = counts[index] + 1
    end
    assert.is_true(counts[2] > 1700 and counts[2] < 2300)
  end)

  it("moves only the keys of one that leaves", function()
    local before, after = list_of(1, 1, 1, 1), list_of(1, 1, 1, 0)
    for i = 1, 500 do
      local key = "key" .. i
      local was = owner(before, key)
      if was ~= 4 then
        assert.equal(before.id[was], after.id[owner(after, key)])
      end
    end
  end)

  it("passes an owner over that is at its bound", function()
    local list = list_of(1, 1, 1, 1)
    local first = owner(list, "key")
    local load = { 0, 0, 0, 0 }
    load[first] = 8
    assert.are_not.equal(first, owner(list, "key", load))
  end)
end)

describe("zones", function()
  it("keep to the own zone while it covers its share, then spill", function()
    assert.same({ 1, 0 }, { zones.factors({ a = 4, b = 4 }, "a") })
    assert.same({ 1, 1 }, { zones.factors({ a = 4, b = 4 }, "") })
    assert.same({ 1, 1 }, { zones.factors({ b = 4 }, "a") })
    local own, others = zones.factors({ a = 1, b = 3 }, "a")
    assert.equal(1, own)
    assert.is_true(others > 0 and others < 1)
  end)
end)

describe("gateways", function()
  local list = gateways.prepare({ { id = "g1", address = "10.0.0.1:80" }, { id = "g2", address = "10.0.0.2:80" }, { id = "g3", address = "host:80" } }, {})

  it("own users as Core's Rendezvous says", function()
    -- Owners by Fairway.Core.Balancing.Rendezvous.Owner(user, ["g1", "g2", "g3", "g4"]).
    local four = gateways.prepare({
      { id = "g1", address = "10.0.0.1:80" }, { id = "g2", address = "10.0.0.2:80" },
      { id = "g3", address = "10.0.0.3:80" }, { id = "g4", address = "10.0.0.4:80" },
    }, {})
    for user, gateway in pairs(require "rendezvous_cases") do
      assert.equal(gateway, gateways.owner(four, user, nobody).id, user)
    end
  end)

  it("are those with an ip:port, else those configured", function()
    assert.equal(2, #list)
    assert.equal("1.2.3.4:5", gateways.prepare({}, { { host = "1.2.3.4", port = 5 } })[1].address)
  end)

  it("that leave give away only their own users", function()
    local three = gateways.prepare({ { id = "a", address = "10.0.0.1:80" }, { id = "b", address = "10.0.0.2:80" }, { id = "c", address = "10.0.0.3:80" } }, {})
    local counts = { a = 0, b = 0, c = 0 }
    for i = 1, 600 do
      local user = "user" .. i
      local owner = gateways.owner(three, user, nobody)
      counts[owner.id] = counts[owner.id] + 1
      if owner.id ~= "b" then
        assert.equal(owner.id, gateways.owner(three, user, function(gateway) return gateway.id == "b" end).id)
      end
    end
    assert.is_true(counts.a > 120 and counts.b > 120 and counts.c > 120)
    assert.is_nil(gateways.owner(three, "x", function() return true end))
  end)
end)
