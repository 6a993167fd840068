require "spec_helper"
local alias = require "fairway.alias"
local endpoints = require "fairway.endpoints"
local ring = require "fairway.ring"
local scored = require "fairway.scored"
local zones = require "fairway.zones"
local gateways = require "fairway.gateways"

local function member(i, weight, more)
  local value = { id = "i" .. i, address = "10.0.0." .. i .. ":80", weight = weight, in_flight = -1, age_ms = 0, latency_ms = -1, rps = -1 }
  for key, given in pairs(more or {}) do
    value[key] = given
  end
  return value
end

local function list_of(...)
  local members = {}
  for i, weight in ipairs({ ... }) do
    members[i] = member(i, weight)
  end
  return endpoints.new(members, "scored", nil, 0)
end

local function hooks_of(more)
  local hooks = { excludes = function() return false end, in_flight = function() return 0 end, random = math.random }
  for key, given in pairs(more or {}) do
    hooks[key] = given
  end
  return hooks
end

local function nobody() return false end

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
    assert.equal("i3", list[2].id)
  end)

  it("never picks whom the call excludes, and nobody where all are", function()
    local list = list_of(1, 1, 1)
    local hooks = hooks_of({ excludes = function(node) return node.id ~= "i3" end })
    for _ = 1, 50 do
      assert.equal("i3", scored.pick(list, nil, hooks, 0).id)
    end
    assert.is_nil(scored.pick(list, nil, hooks_of({ excludes = function() return true end }), 0))
    assert.is_nil(scored.pick(list_of(), nil, hooks, 0))
  end)

  it("keeps what it knows of an instance from list to list, not over another address", function()
    local first = endpoints.new({ member(1, 1, { latency_ms = 100, rps = 10 }), member(2, 1, { in_flight = 3 }) }, "scored", nil, 0)
    local second = endpoints.new({ member(1, 1, { latency_ms = 200, rps = 10 }), member(2, 1, { address = "10.0.0.9:80" }) }, "scored", first, 1)
    assert.equal(first[1], second[1])
    assert.equal(120, second[1].typical) -- 10 requests of 50
    assert.are_not.equal(first[2], second[2])
    assert.is_nil(second[2].reported)
    assert.equal(0, first[2].weight)
  end)
end)

describe("ring", function()
  local function owner(list, key, load)
    local total = 0
    for _, count in pairs(load or {}) do
      total = total + count
    end
    return ring.pick(list, ring.position(key), 1.25, total, nil, hooks_of({ in_flight = function(node) return load and load[node.id] or 0 end })).id
  end

  it("gives a key the same owner each time, and shares by weight", function()
    local list, counts = list_of(1, 2, 1), { i1 = 0, i2 = 0, i3 = 0 }
    for i = 1, 4000 do
      local id = owner(list, "key" .. i)
      assert.equal(id, owner(list, "key" .. i))
      counts[id] = counts[id] + 1
    end
    assert.is_true(counts.i2 > 1700 and counts.i2 < 2300)
  end)

  it("moves only the keys of one that leaves", function()
    local before, after = list_of(1, 1, 1, 1), list_of(1, 1, 1, 0)
    for i = 1, 500 do
      local was = owner(before, "key" .. i)
      if was ~= "i4" then
        assert.equal(was, owner(after, "key" .. i))
      end
    end
  end)

  it("passes an owner over that is at its bound", function()
    local list = list_of(1, 1, 1, 1)
    local first = owner(list, "key")
    assert.are_not.equal(first, owner(list, "key", { [first] = 8 }))
  end)

  it("stands where members and weights do", function()
    local list = list_of(1, 2)
    owner(list, "key")
    assert.is_true(ring.fits(list, list_of(1, 2)))
    assert.is_false(ring.fits(list, list_of(1, 3)))
    assert.is_false(ring.fits(list, list_of(1)))
    assert.is_false(ring.fits(nil, list))
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
