local helper = require "spec_helper"
local snapshot = require "fairway.snapshot"
local version = require "fairway.version"

local function line(id, more)
  local value = { id = id, address = "10.0.0.1:80", protocol = "http", weight = 1, state = "ready" }
  for key, given in pairs(more or {}) do
    value[key] = given
  end
  return value
end

local function document(more)
  local doc = { version = "e-1", full = true, services = { orders = { mode = "scored", instances = { line("a") } } }, removed = {} }
  for key, given in pairs(more or {}) do
    doc[key] = given
  end
  return doc
end

describe("version", function()
  it("is an epoch and a counter, the last dash between them", function()
    assert.same({ "a-b", "12" }, { version.parse("a-b-12") })
    assert.same({ "a", "7" }, { version.parse("a-007") })
    for _, text in ipairs({ "", "a", "a-", "-1", "a-x", 12 }) do
      assert.is_nil((version.parse(text)))
    end
  end)

  it("counts past what a number holds", function()
    assert.is_true(version.before("9007199254740993", "9007199254740994"))
    assert.is_false(version.before("9007199254740994", "9007199254740993"))
    assert.is_true(version.before("9", "10"))
  end)

  it("is older only within one epoch", function()
    local seen = { a = "10" }
    assert.is_true(version.admits(seen, "a-10"))
    assert.is_true(version.admits(seen, "a-11"))
    assert.is_true(version.admits(seen, "b-1"))
    assert.same({ nil, "older" }, { version.admits(seen, "a-9") })
  end)
end)

describe("snapshot", function()
  it("that is whole is taken", function()
    assert.is_true(snapshot.check(document()))
    assert.is_true(snapshot.check(document({ full = false, base = "e-0" })))
    assert.is_true(snapshot.check(document({ services = {} })))
  end)

  it("that is not whole is refused", function()
    for _, doc in ipairs({
      1, {}, document({ version = "x" }), document({ services = 1 }), document({ removed = 1 }), document({ full = false }),
      document({ lanes = "x" }), document({ services = { a = 1 } }), document({ services = { a = { mode = "scored" } } }),
      document({ services = { a = { mode = "x", instances = {} } } }),
      document({ services = { a = { mode = "scored", instances = { line("a", { weight = -1 }) } } } }),
      document({ services = { a = { mode = "scored", instances = { line("a", { weight = 0 / 0 }) } } } }),
      document({ services = { a = { mode = "scored", instances = { line("a", { state = "odd" }) } } } }),
      document({ services = { a = { mode = "scored", instances = { line("") } } } }),
      document({ services = { a = { mode = "scored", instances = { line("a", { address = "host:1" }) } } } }),
    }) do
      assert.is_nil((snapshot.check(doc)))
    end
  end)

  it("is kept in columns", function()
    local columns = snapshot.columns({ mode = "hash", policy = { hashKey = "user", boundFactor = 2 }, instances = {
      line("a", { lane = "blue", zone = "z", inFlight = 3, ageMs = 5 }), line("b", { protocol = "grpc", weight = 0.5 }),
    } })
    assert.same({ "a", "b" }, columns.id)
    assert.same({ "blue", "" }, columns.lane)
    assert.same({ "http", "grpc" }, columns.protocol)
    assert.same({ 3, -1 }, columns.inFlight)
    assert.same({ "user", 2 }, { columns.hashKey, columns.boundFactor })
  end)

  it("without over half of the instances is doubted", function()
    local doc = document({ services = { a = { instances = { 1 } } } })
    assert.is_true(snapshot.loses_most({ a = 1, b = 2 }, doc))
    assert.is_false(snapshot.loses_most({ a = 1, b = 1 }, doc))
    assert.is_true(snapshot.loses_most({ a = 3 }, doc))
    assert.is_false(snapshot.loses_most({}, doc))
  end)
end)

describe("store", function()
  local store, dict

  before_each(function()
    helper.fresh("fairway.store")
    store = require "fairway.store"
    dict = helper.dict()
    store.bind(dict)
  end)

  it("takes a full document, then a delta", function()
    assert.is_true(store.apply(document({ lanes = { blue = {} } })))
    assert.equal("e-1", store.version())
    assert.same({ orders = 1 }, store.held())
    local delta = { version = "e-2", full = false, base = "e-1", services = { payments = { mode = "manual", instances = {} } }, removed = { "orders" } }
    assert.is_true(store.apply(delta))
    assert.same({ payments = 0 }, store.held())
    assert.is_truthy(store.get("t:lanes"))
  end)

  it("refuses a delta to what it does not hold", function()
    store.apply(document())
    assert.same({ nil, "base" }, { store.apply({ version = "e-3", full = false, base = "e-2", services = {} }) })
  end)

  it("refuses an older one, after other epochs too", function()
    store.apply(document({ version = "e-5" }))
    assert.same({ nil, "older" }, { store.apply(document({ version = "e-4" })) })
    assert.is_true(store.apply(document({ version = "f-1" })))
    assert.same({ nil, "older" }, { store.apply(document({ version = "e-4" })) })
    assert.is_true(store.apply(document({ version = "e-5" })))
  end)

  it("forgets what a full document lacks, or keeps it where asked", function()
    store.apply(document())
    local _, kept = store.apply(document({ version = "f-1", services = {} }), true)
    assert.same({ "orders" }, kept)
    assert.same({ orders = 1 }, store.held())
    store.forget(kept)
    assert.same({}, store.held())
  end)

  it("numbers each change and says what it was", function()
    store.apply(document())
    local seq = store.seq()
    assert.is_true(seq >= 1)
    store.apply({ version = "e-2", full = false, base = "e-1", services = {}, removed = { "orders" } })
    assert.equal(seq + 1, store.seq())
    assert.equal("s:orders", store.get("log:" .. seq + 1))
  end)

  it("comes back from a dump as it was", function()
    store.apply(document({ lanes = { blue = {} }, offline = { "10.0.0.1:80" } }))
    local text, held = store.dump(), store.get("s:orders")
    store.bind(helper.dict())
    assert.is_true(store.restore(text))
    assert.equal(held, store.get("s:orders"))
    assert.equal("e-1", store.version())
    assert.equal('["10.0.0.1:80"]', store.get("t:offline"))
    assert.same({ nil, "older" }, { store.apply(document({ version = "e-0" })) })
  end)

  it("takes no damaged dump", function()
    for _, text in ipairs({ "", "{}", "[]", '{"version":"e-1","services":{"a":"x"},"tables":{}}' }) do
      assert.is_nil((store.restore(text)))
    end
  end)
end)

describe("disk", function()
  local disk = require "fairway.disk"
  local function crc(text)
    local sum = 0
    for i = 1, #text do
      sum = (sum * 31 + text:byte(i)) % 4294967296
    end
    return sum
  end

  it("gives back what was written, and nothing that was damaged", function()
    local path = os.tmpname()
    assert.is_true(disk.write(path, "some\ntext", 77, crc))
    assert.same({ "some\ntext", 77 }, { disk.read(path, crc) })
    local file = io.open(path, "a")
    file:write("x")
    file:close()
    assert.same({ nil, "it is damaged" }, { disk.read(path, crc) })
    os.remove(path)
    assert.is_nil((disk.read(path, crc)))
  end)
end)
