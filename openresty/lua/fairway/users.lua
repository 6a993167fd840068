-- On whose behalf a request is made. What a token says is kept a while, so that its signature is checked once.

local lrucache = require "resty.lrucache"
local tokens = require "fairway.tokens"

local min = math.min

local _M = {}

local KEPT = 4096

local keys = {}
local cache

--- Reads the keys; once, at start.
-- @return true, or nil and why not
function _M.configure(options)
  keys = {}
  if options.hs256 then
    keys[1] = tokens.hs256(options.hs256)
  end
  if options.jwks_file then
    local file, err = io.open(options.jwks_file, "r")
    if not file then
      return nil, "Auth__JwksFile cannot be read: " .. err
    end
    local set
    set, err = tokens.jwks(file:read("*a"))
    file:close()
    if not set then
      return nil, "Auth__JwksFile '" .. options.jwks_file .. "' cannot be used: " .. err
    end
    for _, key in ipairs(set) do
      keys[#keys + 1] = key
    end
  end
  cache = assert(lrucache.new(KEPT))
  return true
end

--- Whether tokens can be verified here at all.
function _M.verifies()
  return keys[1] ~= nil
end

--- What the request's token says.
-- @param headers by lower-case name
-- @return claims; or nil, a code (TOKEN_REQUIRED, TOKEN_INVALID) and words
function _M.of(headers)
  local token = tokens.of(headers.authorization, headers.cookie)
  if not token then
    return nil, "TOKEN_REQUIRED", "This call needs the header Authorization: Bearer, or the session cookie."
  end
  local now = ngx.time()
  local known = cache:get(token)
  if known and now < known.exp + tokens.LEEWAY then
    return known
  end
  local claims, reason = tokens.validate(keys, token, now)
  if not claims then
    return nil, "TOKEN_INVALID", reason
  end
  cache:set(token, claims, min(300, claims.exp + tokens.LEEWAY - now))
  return claims
end

return _M
