local helper = require "spec_helper" -- luacheck: ignore
local crypto = require "fairway.crypto"
local tokens = require "fairway.tokens"

local NOW = 1700000000

local function sign(header, claims, secret)
  local content = crypto.encode64(header) .. "." .. crypto.encode64(claims)
  return content .. "." .. crypto.encode64(crypto.hmac(secret or "secret", content))
end

local keys = { tokens.hs256("secret") }
local HS = '{"alg":"HS256"}'
local GOOD = '{"sub":"ann","exp":1700000100}'

describe("tokens", function()
  it("of RFC 7515's example are good", function()
    -- RFC 7515, A.1: an HS256 signature over its own octets.
    local key = crypto.decode64("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")
    local claims = tokens.validate({ tokens.hs256(key) },
      "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
        .. ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", 1300819000)
    assert.is_nil(claims) -- it has no sub, but its signature was taken
    local _, reason = tokens.validate({ tokens.hs256(key) },
      "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
        .. ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", 1300819000)
    assert.equal("The token lacks 'sub' or 'exp'.", reason)
  end)

  it("say who, until when, which lanes and region", function()
    local claims = tokens.validate(keys, sign(HS, '{"sub":"ann","exp":1700000100,"lanes":["blue",3],"region":"eu"}'), NOW)
    assert.equal("ann", claims.sub)
    assert.is_true(claims.lanes.blue)
    assert.equal("eu", claims.region)
  end)

  it("are refused by the Gateway's rules", function()
    for name, token in pairs({
      none = sign('{"alg":"none"}', GOOD), other = sign('{"alg":"RS256"}', GOOD), crit = sign('{"alg":"HS256","crit":["x"]}', GOOD),
      key = sign(HS, GOOD, "other"), parts = "a.b", four = sign(HS, GOOD) .. ".x", header = sign("[]", GOOD), claims = sign(HS, "[]"),
      sub = sign(HS, '{"exp":1700000100}'), empty = sign(HS, '{"sub":"","exp":1700000100}'), exp = sign(HS, '{"sub":"a"}'),
      text = sign(HS, '{"sub":"a","exp":"1700000100"}'), expired = sign(HS, '{"sub":"a","exp":1699999970}'),
      early = sign(HS, '{"sub":"a","exp":1700000100,"nbf":1700000031}'), nbf = sign(HS, '{"sub":"a","exp":1700000100,"nbf":"x"}'),
      long = sign(HS, '{"sub":"a","exp":1700000100,"x":"' .. ("x"):rep(17000) .. '"}'), negative = sign(HS, '{"sub":"a","exp":-1}'),
      nul = sign(HS, '{"sub":"a\\u0000","exp":1700000100}'), line = sign(HS, '{"sub":"a\\nb","exp":1700000100}'),
      delete = sign(HS, '{"sub":"\\u007f","exp":1700000100}'), next = sign(HS, '{"sub":"a\\u0085","exp":1700000100}'),
      cut = sign(HS, GOOD):sub(1, -2), subject = sign(HS, '{"sub":"' .. ("x"):rep(257) .. '","exp":1700000100}'),
    }) do
      local claims, reason = tokens.validate(keys, token, NOW)
      assert.is_nil(claims, name)
      assert.is_string(reason)
      assert.is_nil(reason:find("ann", 1, true))
    end
  end)

  it("have 30 s leeway", function()
    assert.is_truthy(tokens.validate(keys, sign(HS, '{"sub":"a","exp":1699999971}'), NOW))
    assert.is_truthy(tokens.validate(keys, sign(HS, '{"sub":"анна é😀","exp":1700000100}'), NOW))
    assert.is_truthy(tokens.validate(keys, sign(HS, '{"sub":"a","exp":1700000100,"nbf":1700000030}'), NOW))
  end)

  it("come from one Authorization header, else from the cookie", function()
    assert.equal("x", tokens.of("Bearer x", nil))
    assert.equal("x", tokens.of("bearer  x ", "fairway_session=y"))
    assert.equal("y", tokens.of("Basic x", "a=b; fairway_session=y; c=d"))
    assert.equal("y", tokens.of({ "Bearer a", "Bearer b" }, "fairway_session=y"))
    assert.is_nil(tokens.of(nil, "other=1"))
    assert.is_nil(tokens.of(nil, nil))
  end)

  it("of RSA keys: the set's signature keys verify, others are passed over", function()
    local cases = require "rsa_cases"
    local set = tokens.jwks(cases.jwks)
    assert.equal(1, #set)
    assert.equal("ann", tokens.validate(set, cases.token, NOW).sub)
    assert.is_nil((tokens.validate(set, cases.token:sub(1, -8) .. "AAAAAAA", NOW)))
    assert.is_nil((tokens.validate(set, sign('{"alg":"HS256"}', GOOD, cases.jwks), NOW)))
    assert.is_nil((tokens.validate(keys, cases.token, NOW)))
    for _, text in ipairs({ "", "[]", "{}", '{"keys":[]}', '{"keys":[{"kty":"RSA"}]}' }) do
      assert.is_nil((tokens.jwks(text)))
    end
  end)
end)
