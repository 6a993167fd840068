-- The instances a request may be sent to, with what every policy needs made ready: one list for each service, lane and
-- protocol, made anew when the service changes. Those of weight 0 are not in it. Follows Core/Balancing/EndpointList.

local alias = require "fairway.alias"
local addresses = require "fairway.addresses"

local ceil, huge = math.ceil, math.huge
local sort = table.sort

local _M = {}

--- Prequal's Q_RIF: the share of reported figures that are not hot.
local HOT_QUANTILE = 0.84

-- An instance is hot above the figure that this share of those reported does not exceed.
local function threshold(reported, count)
  local known = {}
  for i = 1, count do
    if reported[i] >= 0 then
      known[#known + 1] = reported[i]
    end
  end
  if #known == 0 then
    return huge
  end
  sort(known)
  return known[ceil(HOT_QUANTILE * #known)]
end

--- Makes a list.
-- @param members array of {id, address, weight, reported (-1 for none)}, best first
function _M.new(members)
  local list = {
    count = 0, id = {}, address = {}, host = {}, port = {}, weight = {}, reported = {}, figure = {}, by_address = {}, out = {},
  }
  local count, sum = 0, 0
  for i = 1, #members do
    local member = members[i]
    local host, port = addresses.split(member.address)
    if host and member.weight > 0 then
      count = count + 1
      list.id[count], list.address[count], list.host[count], list.port[count] = member.id, member.address, host, port
      list.weight[count], list.reported[count] = member.weight, member.reported or -1
      list.figure[count] = "f:" .. member.address
      list.by_address[member.address] = count
      sum = sum + member.weight
    end
  end
  list.count, list.total_weight = count, sum
  list.keep, list.alias = alias.build(list.weight)
  list.hot_above = threshold(list.reported, count)
  return list
end

--- The first after an index, in a circle, that is not excluded; nil where all others are.
function _M.next(list, index, excludes, call)
  local count = list.count
  for step = 1, count - 1 do
    local other = (index - 1 + step) % count + 1
    if not excludes(list, other, call) then
      return other
    end
  end
  return nil
end

--- Draws by weight one that is not excluded; nil where all are.
function _M.draw(list, excludes, call, random)
  local count = list.count
  if count == 0 then
    return nil
  end
  local index
  for _ = 1, 8 do
    index = alias.pick(list.keep, list.alias, count, random())
    if not excludes(list, index, call) then
      return index
    end
  end
  return _M.next(list, index, excludes, call)
end

return _M
