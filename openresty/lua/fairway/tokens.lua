-- Verifies users' JSON Web Tokens (RFC 7519) by the rules of the Gateway's TokenValidator: the key decides the algorithm, `none` and
-- others are refused, only `sub` and `exp` are required, `nbf` holds where it is sent, 30 s leeway.

local cjson = require "cjson.safe"
local crypto = require "fairway.crypto"

local type, ipairs = type, ipairs
local match, find, sub, lower = string.match, string.find, string.sub, string.lower

local _M = {}

_M.LEEWAY = 30
_M.MAX_LENGTH = 16384
--- The session cookie; its value is the user's token.
_M.COOKIE = "fairway_session"

local NOT_A_TOKEN = "The token is not a signed JSON Web Token."

local function text(from, name)
  local value = from[name]
  return type(value) == "string" and value or nil
end

--- A key of HS256.
function _M.hs256(secret)
  return { algorithm = "HS256", verify = function(content, signature)
    return crypto.equal(crypto.hmac(secret, content), signature)
  end }
end

--- The RSA signature keys of a JSON Web Key Set (RFC 7517); others in it are passed over.
-- @return array of keys, or nil and why not
function _M.jwks(document)
  local set = cjson.decode(document)
  if type(set) ~= "table" or type(set.keys) ~= "table" then
    return nil, "a key set is an object with an array 'keys'"
  end
  local keys = {}
  for _, key in ipairs(set.keys) do
    if type(key) == "table" and key.kty == "RSA" and (text(key, "use") or "sig") == "sig" and (text(key, "alg") or "RS256") == "RS256" then
      local modulus, exponent = crypto.decode64(text(key, "n") or ""), crypto.decode64(text(key, "e") or "")
      local rsa = modulus and exponent and modulus ~= "" and exponent ~= "" and crypto.rsa(modulus, exponent)
      if not rsa then
        return nil, "a key's numbers are no RSA key"
      end
      keys[#keys + 1] = { algorithm = "RS256", id = text(key, "kid"), verify = function(content, signature)
        return crypto.verify(rsa, content, signature)
      end }
    end
  end
  if #keys == 0 then
    return nil, "it has no RSA signature key"
  end
  return keys
end

-- An object, not an array: the parser gives both as tables.
local function object(part)
  local json = crypto.decode64(part)
  if not json or not find(json, "^%s*{") then
    return nil
  end
  local value = cjson.decode(json)
  return type(value) == "table" and value or nil
end

local function instant(claims, name)
  local value = claims[name]
  if type(value) == "number" and value >= 0 and value < 253402300800 then
    return value
  end
  return nil
end

local function characters(subject)
  local _, continuation = subject:gsub("[\128-\191]", "")
  local _, astral = subject:gsub("[\240-\247]", "")
  return #subject - continuation + astral -- UTF-16 units, as the Gateway counts
end

local function signed(keys, header, content, signature)
  local algorithm = text(header, "alg")
  if not algorithm or header.crit ~= nil then
    return false
  end
  local id = text(header, "kid")
  for _, key in ipairs(keys) do
    if key.algorithm == algorithm and (not id or not key.id or key.id == id) and key.verify(content, signature) then
      return true
    end
  end
  return false
end

--- What a token says.
-- @param keys of hs256 and jwks
-- @param now Unix seconds
-- @return {sub, exp, lanes (a set), has_lanes, region}, or nil and the reason, which never quotes the token
function _M.validate(keys, token, now)
  if #token > _M.MAX_LENGTH then
    return nil, NOT_A_TOKEN
  end
  local head, payload, signature = match(token, "^([^.]*)%.([^.]*)%.([^.]*)$")
  if not head then
    return nil, NOT_A_TOKEN
  end
  local header, bytes = object(head), crypto.decode64(signature)
  if not header or not bytes then
    return nil, NOT_A_TOKEN
  end
  if not signed(keys, header, head .. "." .. payload, bytes) then
    return nil, "The token is not signed by a key this edge accepts."
  end
  local claims = object(payload)
  if not claims then
    return nil, NOT_A_TOKEN
  end
  local subject, expires = text(claims, "sub"), instant(claims, "exp")
  if not subject or subject == "" or characters(subject) > 256 or not expires then
    return nil, "The token lacks 'sub' or 'exp'."
  end
  if find(subject, "%c") or find(subject, "\194[\128-\159]") then
    return nil, "The token's 'sub' has a control character."
  end
  if now >= expires + _M.LEEWAY then
    return nil, "The token has expired."
  end
  if claims.nbf ~= nil then
    local from = instant(claims, "nbf")
    if not from or now < from - _M.LEEWAY then
      return nil, "The token is not valid yet."
    end
  end
  local lanes, has_lanes = {}, false
  if type(claims.lanes) == "table" then
    for _, lane in ipairs(claims.lanes) do
      if type(lane) == "string" then
        lanes[lane], has_lanes = true, true
      end
    end
  end
  return { sub = subject, exp = expires, nbf = instant(claims, "nbf"), lanes = lanes, has_lanes = has_lanes, region = text(claims, "region") }
end

local function cookie(header, name)
  for pair in header:gmatch("[^;]+") do
    local key, value = match(pair, "^%s*([^=%s]+)%s*=%s*(.-)%s*$")
    if key == name then
      return match(value, '^"(.*)"$') or value
    end
  end
  return nil
end
_M.cookie_of = cookie

--- The token a request carries: in its one Authorization header, else in the session cookie.
-- @param authorization header: a text, an array where it is repeated, or nil
-- @param cookies header, likewise
function _M.of(authorization, cookies)
  if type(authorization) == "string" and lower(sub(authorization, 1, 7)) == "bearer " then
    return match(sub(authorization, 8), "^%s*(.-)%s*$")
  end
  if type(cookies) == "table" then
    cookies = table.concat(cookies, ";")
  end
  if cookies and cookies ~= "" then
    local token = cookie(cookies, _M.COOKIE)
    return token ~= "" and token or nil
  end
  return nil
end

return _M
