-- A user's request to a gateway: verified here, and always to the same gateway, so that gateways which share no memory share
-- users all the same.

local balancer = require "ngx.balancer"
local view = require "fairway.view"
local users = require "fairway.users"
local marks = require "fairway.marks"
local labels = require "fairway.labels"
local gateways = require "fairway.gateways"
local counters = require "fairway.counters"
local errors = require "fairway.errors"
local request = require "fairway.request"
local recent = require "fairway.recent"
local tokens = require "fairway.tokens"

local ngx, var, req = ngx, ngx.var, ngx.req
local now, random = ngx.now, math.random
local match = string.match

local _M = {}

--- How long a gateway that could not be reached is asked last, seconds.
local AVOID_SECONDS = 2

local config
local avoided = {} -- address -> until
local list, members

function _M.configure(options)
  config = options
end

--- The gateways there are, made ready.
function _M.list()
  if members ~= view.gateways then
    members = view.gateways
    list = gateways.prepare(members, config.gateways)
  end
  return list
end

local function begin(key)
  request.begin({ gateway = true, key = key, tried = {}, started = now() })
end

--- access: a page, which any gateway has.
function _M.page_access()
  view.sync()
  if marks.any(req.get_headers(0)) then
    marks.admit(req.get_headers(0), nil)
  end
  begin(tostring(random()))
end

--- access: a user's path.
function _M.access()
  view.sync()
  -- The path that chose this location is the decoded one; what is forwarded is the raw one. They must be the same.
  if match(var.request_uri, "^[^?]*") ~= var.uri then
    return errors.refuse(400, "BAD_PATH", "This path is written without escapes and dots.")
  end
  local headers = req.get_headers(0)
  local claims, code, detail
  if users.verifies() then
    claims, code, detail = users.of(headers)
    if not claims then
      return errors.refuse(401, code, detail, { ["WWW-Authenticate"] = "Bearer" })
    end
  end
  if marks.any(headers) then
    local label, fault = marks.admit(headers, claims)
    if label == false then
      return errors.refuse(400, fault, labels.describe(fault))
    end
    if label then
      marks.send(label, headers)
    end
  end
  marks.region(headers, claims)
  if claims then
    recent.note(claims.sub)
  end
  begin(claims and claims.sub or tokens.of(headers.authorization, headers.cookie) or tostring(random()))
end

local function excluded(gateway, context)
  return context.tried[gateway.address] == true
end

--- balancer: the user's gateway, or the next one where that cannot be reached.
function _M.balance()
  local context = request.get()
  if not context then
    return ngx.exit(500)
  end
  local all = _M.list()
  if context.index then
    avoided[context.index.address] = now() + AVOID_SECONDS
    context.tried[context.index.address] = true
    counters.add("fairway_edge_gateway_failures_total")
  elseif #all > 1 then
    balancer.set_more_tries(#all - 1)
  end
  local time = now()
  local gateway = gateways.owner(all, context.key, function(candidate)
    return excluded(candidate, context) or (avoided[candidate.address] or 0) > time
  end) or gateways.owner(all, context.key, function(candidate) return excluded(candidate, context) end)
  if not gateway then
    return ngx.exit(503)
  end
  context.index = gateway
  local ok, err = balancer.set_current_peer(gateway.host, gateway.port)
  if not ok then
    ngx.log(ngx.ERR, "gateway ", gateway.address, ": ", err)
    return ngx.exit(500)
  end
end

--- What to say where nginx itself gave up.
function _M.problem(_, status)
  if status == 504 then
    return 504, "GATEWAY_TIMEOUT", "The gateway did not answer in time."
  end
  if status >= 500 then
    return 503, "GATEWAY_AWAY", "No gateway can be reached."
  end
  return nil
end

--- log: counts.
function _M.log()
  counters.add("fairway_edge_gateway_requests_total", 'code="' .. ngx.status .. '"')
end

return _M
