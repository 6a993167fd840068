-- Two by weight, and the one with fewer of the edge's own requests in flight for its weight; an instance that reports many in
-- flight gives way first. Follows Core/Balancing/Scored; `manual` picks alike, by the operator's weights.

local alias = require "fairway.alias"
local endpoints = require "fairway.endpoints"

local _M = {}

local function is_better(list, one, other, in_flight)
  local reported_one, reported_other, hot_above = list.reported[one], list.reported[other], list.hot_above
  local hot_one, hot_other = reported_one > hot_above, reported_other > hot_above
  if hot_one ~= hot_other then
    return hot_other
  end
  if hot_one and reported_one ~= reported_other then
    return reported_one < reported_other
  end
  return (in_flight(list, one) + 1) / list.weight[one] < (in_flight(list, other) + 1) / list.weight[other]
end

--- @param list of endpoints.new
-- @param excludes function of list, index and call
-- @param in_flight function of list and index
-- @param random function: the next draw in [0,1)
-- @return an index, or nil where there is nobody
function _M.pick(list, excludes, call, in_flight, random)
  local first = endpoints.draw(list, excludes, call, random)
  if not first then
    return nil
  end
  local second = first
  for _ = 1, 3 do
    local other = alias.pick(list.keep, list.alias, list.count, random())
    if not excludes(list, other, call) then
      second = other
    end
    if second ~= first then
      break
    end
  end
  if second ~= first and is_better(list, second, first, in_flight) then
    return second
  end
  return first
end

return _M
