local helper = require "spec_helper" -- luacheck: ignore
local addresses = require "fairway.addresses"
local config = require "fairway.config"

local function read(values)
  local names = {}
  for name in pairs(values) do
    names[#names + 1] = name
  end
  return config.read(function(name) return values[name] end, names)
end

describe("config", function()
  it("has a default for everything", function()
    local options = read({})
    assert.same({ { host = "127.0.0.1", port = 8080 } }, options.gateways)
    assert.equal(2, options.retries)
    assert.is_nil(options.redis)
    assert.is_nil(options.lane_key)
  end)

  it("reads what is set", function()
    local options = read({
      Edge__Gateways = "http://10.0.0.1:1, http://10.0.0.2:2/", Edge__Redis = "127.0.0.1:6379", Edge__Zone = "a", Edge__EjectSeconds = "0.5",
      Lanes__Keys__k1 = "s1", Lanes__Keys__k2 = "s2", Lanes__SigningKey = "k2", Edge__TrustedHops = "10.0.0.0/8,::1",
    })
    assert.equal(2, #options.gateways)
    assert.equal(2, options.gateways[2].port)
    assert.equal(6379, options.redis.port)
    assert.equal(0.5, options.eject_seconds)
    assert.equal("k2", options.lane_key)
    assert.is_true(addresses.within(options.trusted_hops, "10.9.9.9"))
    assert.is_true(addresses.within(options.trusted_hops, "::1"))
    assert.is_false(addresses.within(options.trusted_hops, "11.0.0.1"))
  end)

  it("introduces the edge by its name", function()
    assert.equal("", read({}).gateway_headers)
    local options = read({ Edge__Id = "edge-1", Edge__AdvertiseAddress = "10.0.0.1:80", Auth__RegistrarKey = "key" })
    assert.equal("edge-1", options.id)
    assert.equal(
      "x-registrar-key: key\r\nx-fairway-edge: edge-1\r\nx-fairway-edge-version: " .. config.VERSION .. "\r\nx-fairway-edge-address: 10.0.0.1:80\r\n",
      options.gateway_headers)
  end)

  it("signs with the only key", function()
    assert.equal("k1", read({ Lanes__Keys__k1 = "s" }).lane_key)
  end)

  it("names each option that is wrong", function()
    for name, value in pairs({
      Edge__Gateways = "ftp://x", Edge__Redis = "nowhere", Edge__PollSeconds = "0", Edge__Retries = "1.5", Edge__RetryShare = "2",
      Edge__HoldSeconds = "x", Edge__TrustedProxies = "10.0.0.0/33", Lanes__SigningKey = "none",
    }) do
      local options, errors = read({ [name] = value })
      assert.is_nil(options, name)
      assert.is_truthy(table.concat(errors):find(name, 1, true), name)
    end
    local _, errors = read({ Lanes__Keys__a = "1", Lanes__Keys__b = "2" })
    assert.is_truthy(table.concat(errors):find("SigningKey", 1, true))
  end)
end)

describe("addresses", function()
  it("are split", function()
    assert.same({ "10.0.0.1", 80 }, { addresses.split("10.0.0.1:80") })
    assert.same({ "[::1]", 80 }, { addresses.split("[::1]:80") })
    for _, text in ipairs({ "host:80", "10.0.0.1", "10.0.0.1:0", "10.0.0.1:65536", ":80" }) do
      assert.is_nil((addresses.split(text)))
    end
  end)

  it("of labels have the form that C# asks for", function()
    for _, text in ipairs({ "0.0.0.0:1", "255.255.255.255:65535", "[::]:1", "[::1]:80", "[1:2:3:4:5:6:7.8]:80" }) do
      assert.is_true(addresses.is_ip_port(text), text)
    end
    for _, text in ipairs({ "", "1.2.3.4", "1.2.3:80", "01.2.3.4:80", "1.2.3.4:080", "1.2.3.256:80", "1.2.3.4:0", "1.2.3.4:65536",
      "[1]:80", "[g::]:80", "x:80", "1.2.3.4.5:80", "1..3.4:80" }) do
      assert.is_false(addresses.is_ip_port(text), text)
    end
  end)
end)
