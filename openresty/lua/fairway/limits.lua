-- Limits: a token bucket a user and service in Redis, a hash of tokens and the time they were counted, refilled as it is read. One
-- script, so that edges that share the Redis share the bucket.

local redis = require "fairway.redis"
local counters = require "fairway.counters"

local tonumber, type = tonumber, type
local ceil, max = math.ceil, math.max

local _M = {}

local bucket = redis.script([[
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local rate, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local held = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens, at = tonumber(held[1]) or burst, tonumber(held[2]) or now
tokens = math.min(burst, tokens + math.max(0, now - at) * rate)
local allowed = 0
if tokens >= 1 then
  tokens, allowed = tokens - 1, 1
end
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', string.format('%.6f', now))
redis.call('PEXPIRE', KEYS[1], math.min(86400000, math.ceil(burst / math.max(rate, 0.001) * 1000) + 1000))
return { allowed, tostring((1 - tokens) / math.max(rate, 0.000001)) }
]])

--- Whether a request may pass.
-- @param service name
-- @param who "user:{sub}" or "address:{ip}"
-- @param rule {ratePerSecond, burst, onFailure}
-- @return true; or false, a code and the seconds to wait
function _M.admit(service, who, rule)
  local rate, burst = tonumber(rule.ratePerSecond), tonumber(rule.burst)
  if type(rate) ~= "number" or type(burst) ~= "number" then
    return true
  end
  local answer = redis.is_on() and redis.run(bucket, "fairway:limit:" .. service .. ":" .. who, rate, burst)
  if not answer then
    local closed = rule.onFailure == "closed"
    counters.add("fairway_edge_limits_unchecked_total", closed and 'outcome="refused"' or 'outcome="passed"')
    if closed then
      return false, "LIMITER_AWAY", 1
    end
    return true
  end
  if answer[1] == 1 then
    return true
  end
  counters.add("fairway_edge_limited_total", 'service="' .. service .. '"')
  return false, "RATE_LIMITED", max(1, ceil(tonumber(answer[2]) or 1))
end

return _M
