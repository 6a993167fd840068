-- The edge's Redis: connections kept alive, scripts by their hash. After a failure it is left alone for a moment, so that requests
-- do not each wait for a time-out.

local ok, client = pcall(require, "resty.redis")
if not ok then
  ok, client = pcall(require, "nginx.redis") -- as Debian names it
end
local counters = require "fairway.counters"

local now = ngx.now
local find = string.find

local _M = {}

local AWAY_SECONDS = 1

local config
local away_until = 0

function _M.configure(options)
  config = options
  if options.redis and not ok then
    return nil, "Edge__Redis is set, and there is neither resty.redis nor nginx.redis; Debian: apt-get install lua-nginx-redis"
  end
  return true
end

--- Whether a Redis is configured.
function _M.is_on()
  return config.redis ~= nil
end

local function hex(bytes)
  return (bytes:gsub(".", function(character) return ("%02x"):format(character:byte()) end))
end

--- A script made ready to run.
function _M.script(text)
  return { text = text, sha = hex(ngx.sha1_bin(text)) }
end

local function connect()
  local red = client:new()
  red:set_timeout(config.redis_ms)
  local connected, err = red:connect(config.redis.host, config.redis.port)
  if not connected then
    return nil, err
  end
  if config.redis_password and red:get_reused_times() == 0 then
    local answered
    answered, err = red:auth(config.redis_password)
    if not answered then
      return nil, err
    end
  end
  return red
end

local function failed(err)
  away_until = now() + AWAY_SECONDS
  counters.add("fairway_edge_redis_failures_total")
  ngx.log(ngx.WARN, "redis: ", err)
  return nil, err
end

--- Runs a command with a connection.
-- @param use function of the connection: result, or nil and an error
function _M.with(use)
  if now() < away_until then
    return nil, "away"
  end
  local red, err = connect()
  if not red then
    return failed(err)
  end
  local result
  result, err = use(red)
  if not result then
    red:close()
    return failed(err or "no answer")
  end
  red:set_keepalive(60000, 64)
  return result
end

--- Runs a script on one key.
function _M.run(script, key, ...)
  local arguments = { ... }
  return _M.with(function(red)
    local result, err = red:evalsha(script.sha, 1, key, unpack(arguments))
    if not result and err and find(err, "NOSCRIPT", 1, true) then
      result, err = red:eval(script.text, 1, key, unpack(arguments))
    end
    return result, err
  end)
end

return _M
