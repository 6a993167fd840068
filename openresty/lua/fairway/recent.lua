-- The users seen last, over all edges: a sorted set in Redis, bounded, the one longest unseen leaves first. An edge that starts with
-- no figures of its own spreads a hash's keys by them, so that its first seconds do not crowd one instance.

local redis = require "fairway.redis"
local ring = require "fairway.ring"

local now, floor = ngx.now, math.floor
local ipairs, tonumber = ipairs, tonumber

local _M = {}

local KEY = "fairway:recent"
--- Most users that one flush carries.
local BATCH = 500

local touch = redis.script([[
local most = tonumber(ARGV[1])
for i = 2, #ARGV, 2 do
  redis.call('ZADD', KEYS[1], ARGV[i], ARGV[i + 1])
end
local over = redis.call('ZCARD', KEYS[1]) - most
if over > 0 then
  redis.call('ZREMRANGEBYRANK', KEYS[1], 0, over - 1)
end
return redis.call('ZCARD', KEYS[1])
]])

local size, cold_until
local pending, count = {}, 0
local users -- as read at the start; nil once the edge is warm

function _M.configure(options)
  size = options.recent_size
  cold_until = now() + options.cold_seconds
end

--- A user was here.
function _M.note(user)
  if redis.is_on() then
    if not pending[user] then
      if count >= BATCH then
        return
      end
      count = count + 1
    end
    pending[user] = floor(now() * 1000)
  end
end

--- Hands over who was here since the last time; once a second.
function _M.flush()
  if count == 0 then
    return
  end
  local arguments = {}
  for user, at in pairs(pending) do
    arguments[#arguments + 1] = at
    arguments[#arguments + 1] = user
  end
  pending, count = {}, 0
  redis.run(touch, KEY, size, unpack(arguments))
end

--- The users seen last, newest first: an array of {user, ageMs}; nil and why where Redis is away.
function _M.read(most)
  if not redis.is_on() then
    return nil, "no Redis is configured"
  end
  local found, err = redis.with(function(red)
    return red:zrevrange(KEY, 0, most - 1, "WITHSCORES")
  end)
  if not found then
    return nil, err
  end
  local list, time = {}, now() * 1000
  for i = 1, #found, 2 do
    list[#list + 1] = { user = found[i], ageMs = math.max(0, floor(time - tonumber(found[i + 1]))) }
  end
  return list
end

--- Reads the users to spread by; once, at the start.
function _M.warm_up()
  users = redis.is_on() and now() < cold_until and _M.read(size) or nil
end

--- Where a user's key goes on a cold start: the recent users dealt out over the ring, none over its bound.
-- @return an instance of the list, or nil
function _M.place(list, bound, user)
  if not users then
    return nil
  end
  if now() >= cold_until then
    users = nil
    return nil
  end
  local placed = list.placed
  if not placed then
    placed = {}
    local held = {}
    local hooks = {
      excludes = function() return false end,
      in_flight = function(node) return held[node] or 0 end,
    }
    for number, entry in ipairs(users) do
      local node = ring.pick(list, ring.position(entry.user), bound, number - 1, nil, hooks)
      if not node then
        break
      end
      held[node] = (held[node] or 0) + 1
      placed[entry.user] = node
    end
    list.placed = placed
  end
  return placed[user]
end

return _M
