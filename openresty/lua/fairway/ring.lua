-- Consistent hashing with bounded loads (Mirrokni et al., 2018) on a ring whose points are the words of SHA-256, in number to
-- the weights. Follows Core/Balancing/HashRing and RingHash: the same ids and weights make the same ring in C#.

local crypto = require "fairway.crypto"

local floor, max, min, ceil = math.floor, math.max, math.min, math.ceil
local sort = table.sort

local _M = {}

local function points_per_unit(count)
  if count <= 64 then
    return 512
  end
  if count <= 512 then
    return 128
  end
  if count <= 4096 then
    return 32
  end
  return 8
end
_M.points_per_unit = points_per_unit

--- Where a key falls: the first four bytes of its SHA-256.
function _M.position(key)
  return crypto.word(crypto.sha256(key), 1)
end

--- Makes the ring of a list.
function _M.build(list)
  local count = list.count
  local unit = points_per_unit(count)
  local order, rank = {}, {}
  for i = 1, count do
    order[i] = i
  end
  sort(order, function(a, b) return list[a].id < list[b].id end)
  for i = 1, count do
    rank[order[i]] = i
  end
  -- A point and the rank of its owner in one number: sorting numbers is several times faster than with a comparer.
  local packed = {}
  for i = 1, count do
    local id = list[i].id
    local points = max(1, floor(min(floor(list.weight[i] * unit + 0.5), 100 * unit)))
    local hash
    for point = 0, points - 1 do
      if point % 8 == 0 then
        hash = crypto.sha256(id .. "#" .. floor(point / 8))
      end
      packed[#packed + 1] = crypto.word(hash, point % 8 + 1) * 1048576 + rank[i]
    end
  end
  sort(packed)
  local positions, owners = {}, {}
  for i = 1, #packed do
    positions[i] = floor(packed[i] / 1048576)
    owners[i] = order[packed[i] % 1048576]
  end
  return { positions = positions, owners = owners, count = #packed }
end

--- The first point at or after a position, in a circle.
function _M.point_of(ring, position)
  local low, high, positions = 1, ring.count + 1, ring.positions
  while low < high do
    local middle = floor((low + high) / 2)
    if positions[middle] < position then
      low = middle + 1
    else
      high = middle
    end
  end
  return low > ring.count and 1 or low
end

--- Picks for a key.
-- @param position of the key
-- @param bound over 1: how far over its share one may be loaded
-- @param total of the edge's requests in flight to this list
-- @return an instance, or nil where there is nobody
function _M.pick(list, position, bound, total, call, hooks)
  if list.count == 0 then
    return nil
  end
  local ring = list.ring
  if not ring then
    ring = _M.build(list)
    list.ring = ring
  end
  local room = bound * (total + 1)
  local point, last, fallback = _M.point_of(ring, position), nil, nil
  for _ = 1, ring.count do
    local owner = ring.owners[point]
    point = point == ring.count and 1 or point + 1
    if owner ~= last and not hooks.excludes(list[owner], call) then
      last = owner
      if hooks.in_flight(list[owner]) < ceil(room * (list.weight[owner] / list.total_weight)) then
        return list[owner]
      end
      fallback = fallback or list[owner]
    end
  end
  return fallback
end

--- Whether a ring of another list is this list's too: the same members in order, with the same weights.
function _M.fits(before, list)
  if not before or not before.ring or before.count ~= list.count then
    return false
  end
  for i = 1, list.count do
    if before[i].id ~= list[i].id or before.weight[i] ~= list.weight[i] then
      return false
    end
  end
  return true
end

return _M
