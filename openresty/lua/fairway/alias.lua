-- Draws an index in proportion to weights in O(1): Walker's alias method as Vose builds it (1991). The order of operations is
-- Core/Balancing/AliasTable's, so that both make the same table of the same weights.

local floor = math.floor

local _M = {}

--- @param weights array, each over 0
-- @return keep and alias, arrays by index
function _M.build(weights)
  local count, sum = #weights, 0
  for i = 1, count do
    sum = sum + weights[i]
  end
  local keep, alias, small, large = {}, {}, {}, {}
  local smalls, larges = 0, 0
  for i = 1, count do
    alias[i] = i
    keep[i] = weights[i] * count / sum
    if keep[i] < 1 then
      smalls = smalls + 1
      small[smalls] = i
    else
      larges = larges + 1
      large[larges] = i
    end
  end
  while smalls > 0 and larges > 0 do
    local poor, rich = small[smalls], large[larges]
    smalls, larges = smalls - 1, larges - 1
    alias[poor] = rich
    keep[rich] = keep[rich] - (1 - keep[poor])
    if keep[rich] < 1 then
      smalls = smalls + 1
      small[smalls] = rich
    else
      larges = larges + 1
      large[larges] = rich
    end
  end
  for i = larges, 1, -1 do
    keep[large[i]] = 1
  end
  for i = smalls, 1, -1 do
    keep[small[i]] = 1
  end
  return keep, alias
end

--- The index that a draw in [0,1) falls on.
function _M.pick(keep, alias, count, draw)
  local place = draw * count
  local column = floor(place)
  if column >= count then
    column = count - 1
  end
  if place - column < keep[column + 1] then
    return column + 1
  end
  return alias[column + 1]
end

return _M
