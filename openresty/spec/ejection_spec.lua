local helper = require "spec_helper"
local budget = require "fairway.budget"
local endpoints = require "fairway.endpoints"

local settings = { eject_failures = 3, eject_seconds = 5, eject_max_seconds = 60, eject_share = 0.5 }

local function list_of(count)
  local members = {}
  for i = 1, count do
    members[i] = { id = "i" .. i, address = "10.0.0." .. i .. ":80", weight = 1, in_flight = -1, age_ms = -1, latency_ms = -1, rps = -1 }
  end
  return endpoints.new(members, "scored", nil, 0)
end

local function address(i)
  return "10.0.0." .. i .. ":80"
end

describe("ejection", function()
  local ejection, list

  before_each(function()
    helper.fresh("fairway.ejection")
    helper.time = 1000
    ejection = require "fairway.ejection"
    ejection.bind(helper.dict(), settings, function() end)
    list = list_of(4)
  end)

  it("puts out after three failures in a row, for a while", function()
    assert.is_false(ejection.failed(address(1), list, false))
    assert.is_false(ejection.failed(address(1), list, false))
    assert.is_true(ejection.failed(address(1), list, false))
    assert.is_true(ejection.is_out(address(1)))
    helper.time = 1005.1
    assert.is_false(ejection.is_out(address(1)))
  end)

  it("lasts longer each time, until a success forgives", function()
    for _ = 1, 3 do
      ejection.failed(address(1), list, false)
    end
    helper.time = 1006
    assert.is_true(ejection.failed(address(1), list, false))
    helper.time = 1006 + 9.9
    assert.is_true(ejection.is_out(address(1)))
    helper.time = 1006 + 10.1
    ejection.succeeded(address(1))
    assert.is_false(ejection.failed(address(1), list, false))
  end)

  it("counts failures in a row only", function()
    ejection.failed(address(1), list, false)
    ejection.failed(address(1), list, false)
    ejection.succeeded(address(1))
    assert.is_false(ejection.failed(address(1), list, false))
  end)

  it("takes at most half for their answers", function()
    for i = 1, 4 do
      for _ = 1, 3 do
        ejection.failed(address(i), list, false)
      end
    end
    assert.is_true(ejection.is_out(address(1)))
    assert.is_true(ejection.is_out(address(2)))
    assert.is_false(ejection.is_out(address(3)))
    assert.is_false(ejection.is_out(address(4)))
  end)

  it("puts out at once who cannot be reached, but never the last", function()
    assert.is_true(ejection.failed(address(1), list, true))
    assert.is_true(ejection.failed(address(2), list, true))
    assert.is_true(ejection.failed(address(3), list, true))
    assert.is_false(ejection.failed(address(4), list, true))
    assert.is_false(ejection.failed("10.0.0.1:80", list_of(1), true))
  end)

  it("forgives who comes back by the registry's word", function()
    ejection.failed(address(1), list, true)
    ejection.forgive(address(1))
    assert.is_false(ejection.is_out(address(1)))
  end)
end)

describe("retry budget", function()
  it("grants a share of the requests, and a few a second", function()
    local retries = budget.new(0.2, 1)
    for _ = 1, 10 do
      assert.is_true(retries:withdraw(0))
    end
    assert.is_false(retries:withdraw(0))
    for _ = 1, 5 do
      retries:deposit()
    end
    assert.is_true(retries:withdraw(0))
    assert.is_false(retries:withdraw(0))
    assert.is_true(retries:withdraw(1))
    assert.is_false(retries:withdraw(1))
  end)

  it("saves up no more than its bound", function()
    local retries = budget.new(1, 0)
    for _ = 1, 1000 do
      retries:deposit()
    end
    local granted = 0
    while retries:withdraw(0) do
      granted = granted + 1
    end
    assert.equal(100, granted)
  end)
end)

describe("figures", function()
  local figures, dict

  before_each(function()
    helper.fresh("fairway.figures")
    figures = require "fairway.figures"
    dict = helper.dict()
    figures.map(dict, 2)
  end)

  it("are the sum over workers", function()
    local slot = figures.slot("10.0.0.1:80")
    assert.equal(slot, figures.slot("10.0.0.1:80"))
    assert.are_not.equal(slot, figures.slot("10.0.0.2:80"))
    figures.enter(0)
    figures.add(slot, 2)
    figures.enter(1)
    figures.add(slot, 3)
    assert.equal(5, figures.get(slot))
    figures.add(slot, -3)
    assert.equal(2, figures.get(slot))
  end)

  it("lose what a worker held that died", function()
    local slot = figures.slot("10.0.0.1:80")
    assert.is_false(figures.enter(0))
    figures.add(slot, 5)
    assert.is_true(figures.enter(0)) -- its successor
    assert.equal(0, figures.get(slot))
    figures.leave(0)
    assert.is_false(figures.enter(0))
  end)

  it("carry the store's sequence", function()
    figures.set_sequence(7)
    assert.equal(7, figures.sequence())
  end)
end)
