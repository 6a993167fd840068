-- Counters of all workers: each adds up its own and hands the sums over once a second, so that counting costs a request nothing
-- but an addition.

local pairs, ipairs = pairs, ipairs
local sort = table.sort
local match = string.match

local _M = {}

local dict
local pending = {}

function _M.bind(shared)
  dict = shared
end

--- Adds to a counter.
-- @param labels as Prometheus spells them, without braces; nil for none
function _M.add(name, labels, amount)
  local key = labels and (name .. "{" .. labels .. "}") or name
  pending[key] = (pending[key] or 0) + (amount or 1)
end

--- Adds to a counter whose key is already put together.
function _M.bump(key, amount)
  pending[key] = (pending[key] or 0) + amount
end

--- Upper bounds of the buckets of a duration, seconds.
_M.BOUNDS = { 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10 }

local observed = {}

--- Adds a duration to a histogram.
-- @param key name and labels
function _M.observe(key, seconds)
  local histogram = observed[key]
  if not histogram then
    histogram = { sum = 0 }
    for i = 1, #_M.BOUNDS + 1 do
      histogram[i] = 0
    end
    observed[key] = histogram
  end
  local bounds, bucket = _M.BOUNDS, 1
  while bounds[bucket] and seconds > bounds[bucket] do
    bucket = bucket + 1
  end
  histogram[bucket] = histogram[bucket] + 1
  histogram.sum = histogram.sum + seconds
end

local function flush_histograms()
  for key, histogram in pairs(observed) do
    local name, labels = match(key, "^([^{]+){(.*)}$")
    for i = 1, #_M.BOUNDS + 1 do
      if histogram[i] > 0 then
        dict:incr(name .. "_bucket{" .. labels .. ',le="' .. (_M.BOUNDS[i] or "+Inf") .. '"}', histogram[i], 0)
      end
    end
    dict:incr(name .. "_sum{" .. labels .. "}", histogram.sum, 0)
    observed[key] = nil
  end
end

--- Hands over what this worker counted.
function _M.flush()
  if not dict then
    return
  end
  for key, amount in pairs(pending) do
    dict:incr(key, amount, 0)
    pending[key] = nil
  end
  flush_histograms()
end

--- The sum over all workers, this one's newest included.
function _M.value(key)
  return (dict and dict:get(key) or 0) + (pending[key] or 0)
end

--- All counters whose names begin so, in order: an array of {key, value}.
function _M.all()
  _M.flush()
  local keys = dict:get_keys(0)
  sort(keys)
  local lines = {}
  for _, key in ipairs(keys) do
    lines[#lines + 1] = { key, dict:get(key) }
  end
  return lines
end

--- The name in a key.
function _M.name_of(key)
  return match(key, "^[^{]+")
end

return _M
