local helper = require "spec_helper"
local cjson = require "cjson"
local entry = require "fairway.entry"
local labels = require "fairway.labels"

local function known(value)
  return value ~= cjson.null and value or nil
end

describe("labels", function()
  local vectors = assert(helper.vectors("lanes/signatures.json"), "tests/vectors/lanes/signatures.json is missing")

  it("are signed as C# signs them", function()
    for _, case in ipairs(vectors.sign) do
      local label = {
        lane = case.flowtype ~= "" and case.flowtype or nil, stress = case.stress == "1", offline = {}, offline_text = case.offline,
      }
      assert.equal(case.signature, labels.sign(label, case.kid, case.secret, case.exp))
    end
  end)

  it("are read as C# reads them", function()
    assert.is_true(#vectors.read > 10)
    for number, case in ipairs(vectors.read) do
      local label, code = labels.read_trusted({
        ["x-infr-flowtype"] = known(case.flowtype), ["x-infr-stress"] = known(case.stress),
        ["x-infr-offline"] = known(case.offline), ["x-lane-sig"] = known(case.signature),
      }, vectors.keys, case.now)
      local text = "case " .. number .. " " .. cjson.encode(case)
      if case.expect ~= "ok" then
        assert.is_false(label, text)
        assert.equal(case.expect, code, text)
      else
        assert.is_not_false(label, text)
        assert.equal(known(case.lane), label and label.lane, text)
        assert.equal(case.stressed, label ~= nil and label.stress, text)
        assert.same(case.addresses, label and label.offline or {}, text)
      end
    end
  end)

  it("leave baggage with the rest of it", function()
    assert.same({ "a=b", true }, { labels.without_members("lane=blue, a=b ,stress=1;x=y") })
    assert.same({ "a=b", false }, { labels.without_members("a=b") })
    local rest, found = labels.without_members({ "lane=blue", "stress=1" })
    assert.is_nil(rest)
    assert.is_true(found)
    assert.equal("a=b,lane=blue,stress=1", labels.baggage("a=b", { lane = "blue", stress = true }))
    assert.equal("lane=blue", labels.baggage(nil, { lane = "blue" }))
    assert.is_nil(labels.baggage(nil, {}))
  end)
end)

describe("entry", function()
  local tester = { has_lanes = true, lanes = { blue = true, green = true } }
  local function admit(headers, claims, trusted)
    return entry.admit(headers, claims, trusted or false, { k1 = "secret" }, 100)
  end

  it("takes everything away from outside and counts once", function()
    local label, spoofed, changes = admit({ ["x-infr-flowtype"] = "blue", ["x-infr-stress"] = "1", ["x-lane-sig"] = "k1.1.x", baggage = "lane=blue,a=b" })
    assert.is_nil(label)
    assert.is_true(spoofed)
    assert.same({ ["x-infr-flowtype"] = false, ["x-infr-stress"] = false, ["x-lane-sig"] = false, baggage = "a=b" }, changes)
  end)

  it("sees a member of baggage or tracestate alone", function()
    for _, name in ipairs({ "baggage", "tracestate" }) do
      local _, spoofed, changes = admit({ [name] = "stress=1" })
      assert.is_true(spoofed)
      assert.same({ [name] = false }, changes)
    end
  end)

  it("sees the second of two lines", function()
    local _, spoofed = admit({ ["x-infr-flowtype"] = { "", "blue" } })
    assert.is_true(spoofed)
  end)

  it("does not count empty headers", function()
    local label, spoofed = admit({ ["x-infr-flowtype"] = " , " })
    assert.is_nil(label)
    assert.is_false(spoofed)
  end)

  it("takes over what a tester asks for", function()
    local label, spoofed, changes = admit({ ["x-infr-flowtype"] = "blue", ["x-infr-stress"] = "1", baggage = "lane=x" }, tester)
    assert.equal("blue", label.lane)
    assert.is_true(label.stress)
    assert.is_false(spoofed)
    assert.same({ ["x-infr-flowtype"] = false, ["x-infr-stress"] = false, baggage = false }, changes)
  end)

  it("takes a tester of another lane for anybody", function()
    local label, spoofed = admit({ ["x-infr-flowtype"] = "red" }, tester)
    assert.is_nil(label)
    assert.is_true(spoofed)
    label, spoofed = admit({ ["x-infr-flowtype"] = "blue,red" }, tester)
    assert.is_nil(label)
    assert.is_true(spoofed)
    label, spoofed = admit({ ["x-infr-stress"] = "1" }, tester)
    assert.is_nil(label)
    assert.is_true(spoofed)
  end)

  it("refuses a tester's two labels", function()
    local label, _, _, code = admit({ ["x-infr-flowtype"] = "blue,green" }, tester)
    assert.is_false(label)
    assert.equal("LANE_LABEL_AMBIGUOUS", code)
  end)

  it("verifies on a trusted hop", function()
    local blue = { lane = "blue", stress = false, offline = {}, offline_text = "" }
    local headers = { ["x-infr-flowtype"] = "blue", ["x-lane-sig"] = labels.sign(blue, "k1", "secret", 200) }
    assert.equal("blue", admit(headers, nil, true).lane)
    headers["x-infr-flowtype"] = "green"
    local label, _, _, code = admit(headers, nil, true)
    assert.is_false(label)
    assert.equal("LANE_LABEL_TAMPERED", code)
  end)
end)
