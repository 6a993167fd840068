-- A request's labels on their way through the edge: what comes in is admitted, what leaves is signed.

local entry = require "fairway.entry"
local labels = require "fairway.labels"
local counters = require "fairway.counters"
local addresses = require "fairway.addresses"

local ngx = ngx
local pairs, next = pairs, next
local floor = math.floor

local _M = {}

local config
local signed = {} -- message -> {signature, until}: labels repeat, signatures need not be made each time

function _M.configure(options)
  config = options
end

--- Whether a request has anything that `admit` must see.
function _M.any(headers)
  return headers["x-infr-flowtype"] or headers["x-infr-stress"] or headers["x-infr-offline"] or headers["x-lane-sig"]
    or headers.baggage or headers.tracestate
end

--- Takes in the labels of a request, and takes the headers away.
-- @param claims of the verified token, or nil
-- @return label or nil; or false and a code
function _M.admit(headers, claims)
  local trusted = next(config.trusted_hops) ~= nil and addresses.within(config.trusted_hops, ngx.var.remote_addr)
  local label, spoofed, changes, code = entry.admit(headers, claims, trusted, config.lane_keys, ngx.time())
  if label == false then
    return false, code
  end
  if spoofed then
    counters.add("fairway_lane_spoof_total")
  end
  for name, value in pairs(changes) do
    if value then
      ngx.req.set_header(name, value)
    else
      ngx.req.clear_header(name)
    end
    headers[name] = value or nil
  end
  return label
end

--- The user's region: the claim's, else what a trusted proxy says. From elsewhere the header is taken away.
function _M.region(headers, claims)
  local said = headers["x-region"]
  if said and not (next(config.trusted_proxies) ~= nil and addresses.within(config.trusted_proxies, ngx.var.remote_addr)) then
    ngx.req.clear_header("x-region")
    said = nil
  end
  if claims and claims.region then
    return claims.region
  end
  return type(said) == "string" and said or nil
end

local function signature(label)
  local key = (label.lane or "") .. "|" .. (label.stress and "1" or "") .. "|" .. label.offline_text
  local now = ngx.time()
  local kept = signed[key]
  if kept and now < kept.till then
    return kept.text
  end
  if not kept then
    local count = 0
    for _ in pairs(signed) do
      count = count + 1
    end
    if count >= 256 then
      signed = {}
    end
  end
  -- Used for half its life, so that what leaves is always good for the other half.
  local expiry = now + config.lane_seconds
  local text = labels.sign(label, config.lane_key, config.lane_keys[config.lane_key], expiry)
  signed[key] = { text = text, till = now + floor(config.lane_seconds / 2) }
  return text
end

--- Puts a label on the request that leaves: all of it or nothing. Without a key nothing leaves, as nobody could trust it.
-- @param label {lane, stress, offline, offline_text}
function _M.send(label, headers)
  if labels.is_empty(label) then
    return
  end
  if not config.lane_key then
    counters.add("fairway_lane_unsigned_total")
    return
  end
  local set = ngx.req.set_header
  if label.lane then
    set(labels.FLOWTYPE, label.lane)
  end
  if label.stress then
    set(labels.STRESS, "1")
  end
  if label.offline_text ~= "" then
    set(labels.OFFLINE, label.offline_text)
  end
  set(labels.SIGNATURE, signature(label))
  local baggage = labels.baggage(labels.joined(headers.baggage), label)
  if baggage then
    set("baggage", baggage)
  end
end

return _M
