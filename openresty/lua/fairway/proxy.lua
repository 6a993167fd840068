-- A request to a service: who asks, along which lane, to which instance; again elsewhere where that is right; and what it taught.

local balancer = require "ngx.balancer"
local view = require "fairway.view"
local users = require "fairway.users"
local marks = require "fairway.marks"
local labels = require "fairway.labels"
local lanes = require "fairway.lanes"
local grey = require "fairway.grey"
local limits = require "fairway.limits"
local recent = require "fairway.recent"
local scored = require "fairway.scored"
local ring = require "fairway.ring"
local figures = require "fairway.figures"
local headers = require "fairway.headers"
local ejection = require "fairway.ejection"
local budget = require "fairway.budget"
local counters = require "fairway.counters"
local request = require "fairway.request"
local errors = require "fairway.errors"
local tokens = require "fairway.tokens"
local zones = require "fairway.zones"

local ngx, var, req = ngx, ngx.var, ngx.req
local now = ngx.now
local find, sub, match, format = string.find, string.sub, string.match, string.format
local random = math.random
local tonumber, ipairs = tonumber, ipairs
local set_current_peer, set_more_tries, get_last_failure = balancer.set_current_peer, balancer.set_more_tries, balancer.get_last_failure

local _M = {}

local config, retries
local no_label = { stress = false, offline = {}, offline_text = "" }

local RESERVED = {
  v1 = true, edge = true, metrics = true, healthz = true, readyz = true, openapi = true, dashboard = true, console = true,
  assets = true, base = true,
}
--- Methods that may be sent twice (RFC 9110, 9.2.2).
local IDEMPOTENT = { GET = true, HEAD = true, PUT = true, DELETE = true, OPTIONS = true, TRACE = true }

function _M.configure(options)
  config = options
  retries = budget.new(options.retry_share, options.retries_per_second)
end

-- `/orders/a?b` is the service `orders` and the rest `/a?b`.
local function split(uri)
  local slash = find(uri, "/", 2, true)
  local query = find(uri, "?", 2, true)
  if slash and (not query or slash < query) then
    return sub(uri, 2, slash - 1), sub(uri, slash)
  end
  if query then
    return sub(uri, 2, query - 1), "/" .. sub(uri, query)
  end
  return sub(uri, 2), "/"
end

-- Refuses a name that no service can have. A gateway registers none of these, so that one that is listed is good.
local function refuse_name(name)
  if RESERVED[name] then
    errors.refuse(404, "NOT_FOUND", "The edge forwards nothing at this path.")
    return true
  end
  if #name < 1 or #name > 128 or find(name, "[^%w._-]") or name == "." or name == ".." then
    errors.refuse(400, "BAD_NAME", "A service is named by 1-128 of A-Za-z0-9._-.")
    return true
  end
  return false
end

local function why_header(decision)
  return lanes.why(decision, view.lanes_version)
end

local function refuse_route(decision, service)
  counters.add("fairway_edge_refused_total", format('service="%s",code="%s"', service, decision.code))
  if decision.code == "LANE_SERVICE_DOWN" then
    return errors.refuse(503, decision.code, "The service is declared in lane " .. decision.label .. ", and no instance of it may serve there.")
  end
  return errors.refuse(503, decision.code, "No instance of the service may serve this request.")
end

-- How many of a list a request may use that names addresses as going offline.
local function usable_without(list, offline)
  local count = list.usable
  for _, address in ipairs(offline) do
    count = count - (list.present[address] or 0)
  end
  return count
end

local function hash_key(entry, claims, fields, uri)
  local rule = entry.hashKey or "user"
  if rule == "uri" then
    return uri
  end
  if rule == "user" then
    return claims and claims.sub
  end
  local kind, name = match(rule, "^(%a+):(.+)$")
  if kind == "header" then
    return labels.joined(fields[name:lower()])
  end
  if kind == "cookie" then
    local cookies = labels.joined(fields.cookie)
    return cookies and tokens.cookie_of(cookies, name)
  end
  return nil
end

-- The label a request goes on with: its own, else what the entry rule assigns.
local function label_of(service, fields, claims)
  local label = nil
  if marks.any(fields) then
    local code
    label, code = marks.admit(fields, claims)
    if label == false then
      errors.refuse(400, code, labels.describe(code))
      return nil, true
    end
  end
  local rule = view.grey[service]
  local region = (rule or fields["x-region"]) and marks.region(fields, claims) or nil
  if rule then
    local lane, reason = grey.assign(rule, label and label.lane, claims and claims.sub, region)
    if reason ~= "label" and reason ~= "none" then
      counters.add("fairway_edge_grey_total", format('service="%s",reason="%s"', service, reason))
    end
    if lane ~= (label and label.lane) then
      label = label or no_label
      label = { lane = lane, stress = label.stress, offline = label.offline, offline_text = label.offline_text }
    end
  end
  return label
end

local function limited(service, claims)
  local rule = view.limits[service]
  if not rule then
    return false
  end
  local ok, code, wait = limits.admit(service, claims and ("user:" .. claims.sub) or ("address:" .. var.remote_addr), rule)
  if ok then
    return false
  end
  if code == "RATE_LIMITED" then
    errors.refuse(429, code, "This user sends more than the service allows; try again later.", { ["Retry-After"] = wait })
  else
    errors.refuse(503, code, "The limits of this service cannot be checked now.", { ["Retry-After"] = wait })
  end
  return true
end

-- What most requests are: no label, no token, no rule that asks who sends them. Nil where the request is another.
local function plain(service)
  if view.grey[service] or view.limits[service] or headers.any() then
    return nil
  end
  local entry = view.service(service)
  if not entry or entry.mode == "hash" then
    return nil
  end
  local list = view.list(entry, "", "http")
  if not list or list.usable == 0 then
    return nil
  end
  -- `node` from the start: a table that must grow for it costs as much as the pick.
  return request.begin({ list = list, decision = list.base, service = service, started = now(), node = false })
end

-- Decides for a request to a service.
-- @param group "http" or "grpc"
-- @return the context of the phases that follow, or nil when the request is refused already
local function admit(service, group, uri)
  local fields = req.get_headers(0)
  local claims
  if fields.authorization or fields.cookie then
    claims = users.of(fields)
    if claims then
      recent.note(claims.sub)
    end
  end
  local label, refused = label_of(service, fields, claims)
  if refused or limited(service, claims) then
    return nil
  end

  local entry = view.service(service)
  local offline = label and label.offline or no_label.offline
  local function usable(lane)
    local list = entry and view.list(entry, lane, group)
    if not list then
      return nil, 0
    end
    return list, offline[1] and usable_without(list, offline) or list.usable
  end
  local decision = lanes.decide(service, label and label.lane, view.lanes, usable)
  if decision.unknown then
    counters.add("fairway_lane_unknown_total")
  end
  local why
  if claims and claims.has_lanes and fields["x-fairway-why"] then
    why = why_header(decision)
  end
  if decision.code then
    if why then
      ngx.header["x-fairway-why"] = why
    end
    refuse_route(decision, service)
    return nil
  end
  if label then
    marks.send(label, fields)
  end

  local list = decision.list
  local context = { list = list, decision = decision, service = service, started = now(), node = false, why = why }
  if offline[1] then
    context.tried = {}
    for _, address in ipairs(offline) do
      context.tried[address] = true
    end
  end
  if entry.mode == "hash" then
    local key = hash_key(entry, claims, fields, uri)
    if key then
      context.key = key
      context.position = ring.position(key)
      context.user = (entry.hashKey or "user") == "user" and key or nil
    end
  end
  return request.begin(context)
end

--- access: HTTP and WebSocket.
function _M.access()
  view.sync()
  local uri = var.request_uri
  local service, rest = split(uri)
  local context = plain(service)
  if not context then
    if refuse_name(service) then
      return
    end
    context = admit(service, "http", rest)
  end
  if not context then
    return
  end
  var.fairway_uri = rest
  local list = context.list
  if list.scheme == "https" then
    var.fairway_scheme = "https"
  end
  if list.entry.fallback_age then
    counters.add("fairway_edge_fallback_requests_total")
    ngx.header["x-fairway-fallback"] = format("age=%d", list.entry.fallback_age)
  end
  if view.coloured then
    ngx.header["Vary"] = labels.FLOWTYPE
    if config.caches and context.decision.label then
      var.fairway_label = context.decision.label
    end
  end
  if context.why then
    ngx.header["x-fairway-why"] = context.why
  end
end

--- access: gRPC. The service is the first of three parts of the path, else x-fairway-service, else the first label of the authority.
function _M.grpc_access()
  view.sync()
  local uri = var.request_uri
  local service, rest = match(uri, "^/([^/]+)(/[^/]+/[^/]+)$")
  if not service then
    service, rest = var.http_x_fairway_service or match(var.host or "", "^[^.]*"), nil
  end
  if refuse_name(service) then
    return
  end
  local context = admit(service, "grpc", uri)
  if not context then
    return
  end
  if rest then
    req.set_uri(rest)
  end
  if context.list.scheme == "grpcs" then
    var.fairway_grpc_scheme = "grpcs"
  end
end

local function in_flight(node)
  return figures.get(node.slot)
end

local function was_tried(node, context)
  return context.tried ~= nil and context.tried[node.address] == true
end

local hooks = {
  random = random, in_flight = in_flight,
  excludes = function(node, context)
    return was_tried(node, context) or (ejection.any() and ejection.is_out(node.address))
  end,
}
-- A retry of an edge with a zone leaves the zones it was tried in: where a zone fails, it fails whole.
local hooks_of_a_retry = {
  random = random, in_flight = in_flight,
  excludes = function(node, context)
    return zones.tried(context.zones, node.zone) or hooks.excludes(node, context)
  end,
}
-- Where all that are left are out, being out is no longer held against them.
local hooks_of_the_last = { random = random, in_flight = in_flight, excludes = was_tried }

local function pick_by(context, by)
  local list = context.list
  if context.position then
    local bound = list.entry.boundFactor or 1.25
    local placed = context.user and recent.place(list, bound, context.user)
    if placed and not by.excludes(placed, context) then
      return placed
    end
    return ring.pick(list, context.position, bound, figures.get(list.slot), context, by)
  end
  if list.mode == "manual" then
    return scored.manual(list, context, by)
  end
  return scored.pick(list, context, by, now())
end

local function pick(context)
  if context.zones then
    local node = pick_by(context, hooks_of_a_retry)
    if node then
      return node
    end
  end
  return pick_by(context, hooks) or pick_by(context, hooks_of_the_last)
end

-- Whether the last attempt did not even get a connection; nginx does not tell of the one now being made.
local function was_unreachable()
  return match(var.upstream_connect_time or "", "([^,: ]+)[,: ]*$") == "-"
end

local function end_attempt(context)
  figures.add(context.node.slot, -1)
  if context.position then
    figures.add(context.list.slot, -1)
  end
  context.tried = context.tried or {}
  context.tried[context.node.address] = true
  if config.zone ~= "" then
    context.zones = zones.note(context.zones, context.node.zone)
  end
  context.node = false
end

local function report(context, unreachable)
  if ejection.failed(context.node.address, context.list, unreachable) then
    counters.add("fairway_edge_ejections_total", format('service="%s"', context.service))
  end
  if unreachable then
    counters.add("fairway_edge_connect_failures_total", format('service="%s"', context.service))
  end
end

--- balancer: the first attempt, and each that follows a failure.
function _M.balance()
  local context = request.get()
  if not context then
    return ngx.exit(500)
  end
  local list = context.list
  if context.node then
    local state = get_last_failure()
    local unreachable = state == "failed" and was_unreachable()
    report(context, unreachable)
    end_attempt(context)
    context.unreachable = unreachable
    if not (unreachable or IDEMPOTENT[req.get_method()]) or not retries:withdraw(now()) then
      counters.add("fairway_edge_retries_refused_total", format('service="%s"', context.service))
      context.gave_up = true
      return ngx.exit(503)
    end
    counters.add("fairway_edge_retries_total", format('service="%s"', context.service))
  else
    retries:deposit()
    if list.count > 1 and config.retries > 0 then
      set_more_tries(config.retries)
    end
  end

  local node = pick(context)
  if not node then
    context.gave_up, context.unreachable = true, true
    return ngx.exit(503)
  end
  context.node = node
  figures.add(node.slot, 1)
  if context.position then
    figures.add(list.slot, 1)
  end
  local ok, err = set_current_peer(node.host, node.port)
  if not ok then
    ngx.log(ngx.ERR, "peer ", node.address, ": ", err)
    return ngx.exit(500)
  end
end

--- What to say where nginx itself gave up.
-- @param status of nginx; 500 where the balancer sent nobody
function _M.problem(context, status)
  if not context.node and not context.gave_up then
    return nil -- it never came to an attempt: a body too large, or the edge's own fault
  end
  if context.node then
    if status ~= 502 and status ~= 504 then
      return nil
    end
    context.broken, context.unreachable = true, was_unreachable()
  end
  if context.unreachable then
    return 503, context.decision.rule == "declared" and "LANE_SERVICE_DOWN" or "NO_PROVIDER", "No instance of the service can be reached."
  end
  if context.gave_up then
    return 502, "UPSTREAM_FAILED", "The instance broke off before it answered."
  end
  return nil
end

-- A variable costs more than all else of this phase: until one instance of a list has reported in band, few answers are looked at.
local function read_load(context)
  local list = context.list
  if not list.reports and random() > 0.1 then
    return
  end
  local sent = var.upstream_http_endpoint_load_metrics
  if sent and sent ~= "" then
    list.reports = true
    local in_band = tonumber(match(sent, "named_metrics%.in_flight=([%d.eE+-]+)") or "")
    if in_band and in_band >= 0 and in_band < 1e9 then
      scored.reported(list, context.node, in_band, hooks, now())
    end
  end
end

local function key_of(list, status, service)
  local keys = list.keys
  if not keys then
    keys = { seconds = format('fairway_edge_request_seconds{service="%s",lane="%s"}', service, list.lane) }
    list.keys = keys
  end
  local key = keys[status]
  if not key then
    key = format('fairway_edge_requests_total{service="%s",lane="%s",code="%d"}', service, list.lane, status)
    keys[status] = key
  end
  return key, keys.seconds
end

--- log: what the request taught.
function _M.log(context)
  local status = ngx.status
  local list = context.list
  local total, seconds = key_of(list, status, context.service)
  counters.bump(total, 1)
  counters.observe(seconds, now() - context.started)
  local node = context.node
  if not node then
    return
  end
  figures.add(node.slot, -1)
  if context.position then
    figures.add(list.slot, -1)
  end
  if context.broken then
    report(context, context.unreachable)
  elseif status >= 500 then
    report(context, false)
  elseif status ~= 499 and status ~= 0 then
    ejection.succeeded(node.address)
    read_load(context)
  end
end

_M.split = split

return _M
