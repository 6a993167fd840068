-- `/edge/metrics`, as Prometheus reads it.

local counters = require "fairway.counters"
local ejection = require "fairway.ejection"
local store = require "fairway.store"
local view = require "fairway.view"

local ngx = ngx
local concat, sort = table.concat, table.sort
local ipairs, pairs, format, match = ipairs, pairs, string.format, string.match

local _M = {}

local HELP = {
  fairway_edge_requests_total = "Requests to services, by lane that served and status.",
  fairway_edge_request_seconds = "Time from a request's admission to its end, seconds.",
  fairway_edge_refused_total = "Requests that no instance may serve.",
  fairway_edge_retries_total = "Attempts at another instance.",
  fairway_edge_retries_refused_total = "Failures that were not tried again: not idempotent, or over the budget.",
  fairway_edge_connect_failures_total = "Attempts that did not get a connection.",
  fairway_edge_ejections_total = "Instances put out for failing this edge.",
  fairway_edge_fallback_requests_total = "Requests balanced without a gateway, by the last list.",
  fairway_edge_grey_total = "Requests that an entry rule sent somewhere.",
  fairway_edge_limited_total = "Requests over their user's limit.",
  fairway_edge_limits_unchecked_total = "Requests whose limit could not be checked.",
  fairway_edge_redis_failures_total = "Calls of Redis that failed.",
  fairway_edge_snapshots_total = "Snapshots taken, whole or as a difference.",
  fairway_edge_snapshots_refused_total = "Snapshots not taken.",
  fairway_edge_fetch_failures_total = "Reads of a gateway that failed.",
  fairway_edge_store_failures_total = "Snapshots that did not fit the shared memory.",
  fairway_edge_snapshot_writes_failed_total = "Writes of the snapshot file that failed.",
  fairway_edge_gateway_requests_total = "Requests to gateways, by status.",
  fairway_edge_gateway_failures_total = "Gateways that could not be reached.",
  fairway_edge_workers_lost_total = "Workers that died without saying so.",
  fairway_lane_spoof_total = "Requests from outside that brought a label of their own.",
  fairway_lane_unknown_total = "Requests whose label names no living lane.",
  fairway_lane_unsigned_total = "Labels that were dropped because there is no key to sign them.",
}

--- Counters that are there from the start, so that a rate over them is never missing.
local ALWAYS = {
  "fairway_lane_spoof_total", "fairway_lane_unknown_total", "fairway_edge_fallback_requests_total", "fairway_edge_fetch_failures_total",
}

-- Buckets are kept apart and told as sums, with their count.
local function histogram(lines, series)
  local groups, order = {}, {}
  for _, entry in ipairs(series) do
    local name, labels, bound = match(entry[1], '^(.-)_bucket{(.*),le="([^"]+)"}$')
    if name then
      local key = name .. "|" .. labels
      if not groups[key] then
        groups[key] = { name = name, labels = labels }
        order[#order + 1] = key
      end
      groups[key][bound] = entry[2]
    end
  end
  sort(order)
  for _, key in ipairs(order) do
    local group, sum = groups[key], 0
    for i = 1, #counters.BOUNDS + 1 do
      local bound = tostring(counters.BOUNDS[i] or "+Inf")
      sum = sum + (group[bound] or 0)
      lines[#lines + 1] = format('%s_bucket{%s,le="%s"} %d', group.name, group.labels, bound, sum)
    end
    lines[#lines + 1] = format("%s_count{%s} %d", group.name, group.labels, sum)
  end
end

local function gauge(lines, name, help, value)
  lines[#lines + 1] = "# HELP " .. name .. " " .. help
  lines[#lines + 1] = "# TYPE " .. name .. " gauge"
  lines[#lines + 1] = name .. " " .. format("%.14g", value)
end

--- The text.
function _M.text()
  for _, name in ipairs(ALWAYS) do
    counters.add(name, nil, 0)
  end
  local lines, families, names = {}, {}, {}
  for _, entry in ipairs(counters.all()) do
    local name = counters.name_of(entry[1])
    local family = match(name, "^(.*_seconds)_bucket$") or match(name, "^(.*_seconds)_sum$") or name
    if not families[family] then
      families[family] = {}
      names[#names + 1] = family
    end
    table.insert(families[family], entry)
  end
  sort(names)
  for _, name in ipairs(names) do
    local is_histogram = match(name, "_seconds$") ~= nil
    lines[#lines + 1] = "# HELP " .. name .. " " .. (HELP[name] or name)
    lines[#lines + 1] = "# TYPE " .. name .. " " .. (is_histogram and "histogram" or "counter")
    if is_histogram then
      histogram(lines, families[name])
    end
    for _, entry in ipairs(families[name]) do
      if not match(entry[1], "_bucket{") then
        lines[#lines + 1] = entry[1] .. " " .. format("%.14g", entry[2])
      end
    end
  end

  local out = 0
  for _ in pairs(ejection.all()) do
    out = out + 1
  end
  local services = 0
  for _ in pairs(store.held()) do
    services = services + 1
  end
  local contact = store.get("contact")
  gauge(lines, "fairway_edge_fallback", "1 while no gateway answers and the last list is used.", view.fallback_age() and 1 or 0)
  gauge(lines, "fairway_edge_snapshot_age_seconds", "Time since a gateway answered.", contact and math.max(0, ngx.now() - contact) or -1)
  gauge(lines, "fairway_edge_services", "Services held.", services)
  gauge(lines, "fairway_edge_ejected", "Instances out for failing this edge.", out)
  return concat(lines, "\n") .. "\n"
end

return _M
