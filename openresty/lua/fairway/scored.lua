-- Mode `scored`: two by weight, hot ones avoided, else the one with fewer of the edge's own requests in flight for its weight; but
-- an instance that answered a moment ago and has less in flight gets the request instead, once for each answer. Follows
-- Core/Balancing/Scored. `manual` is the first draw alone.

local alias = require "fairway.alias"
local answers = require "fairway.answers"
local endpoints = require "fairway.endpoints"

local huge = math.huge

local _M = {}

local function drawn(list, call, hooks)
  local first = endpoints.draw(list, call, hooks)
  if not first then
    return nil
  end
  local second = list[alias.pick(list.keep, list.alias, list.count, hooks.random())]
  if second == first or hooks.excludes(second, call) then
    return first
  end
  local hot_above = list.hot_above
  local first_hot, second_hot = (first.reported or -huge) > hot_above, (second.reported or -huge) > hot_above
  if first_hot ~= second_hot then
    return first_hot and second or first
  end
  if hooks.in_flight(second) / second.weight < hooks.in_flight(first) / first.weight then
    return second
  end
  return first
end

--- @param list of endpoints.new
-- @param call what hooks.excludes wants to know of the request
-- @param hooks excludes(node, call), in_flight(node), random()
-- @param now seconds
-- @return an instance, or nil where there is nobody
function _M.pick(list, call, hooks, now)
  local node = drawn(list, call, hooks)
  if node and list.answers[1] then
    return answers.use(list, node, call, hooks, now) or node
  end
  return node
end

--- Mode `manual`.
function _M.manual(list, call, hooks)
  return endpoints.draw(list, call, hooks)
end

--- An answer brought a report.
function _M.reported(list, node, in_flight, hooks, now)
  endpoints.report(node, in_flight, now)
  if list.mode ~= "scored" or node.weight <= 0 or (node.preference < 1 and hooks.random() >= node.preference) then
    return
  end
  answers.add(list.answers, node, in_flight, now)
end

return _M
