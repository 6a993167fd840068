-- Own zone first while its usable weight covers its share, then spill. Pure; as Core/Balancing/ZonePreference.

local pairs = pairs

local _M = {}

--- What a factor of 0 counts as, so that other zones are there as the last resort.
_M.LAST_RESORT = 0.000001

--- By what weights are multiplied.
-- @param zones usable weight by zone; the empty zone is nobody's own
-- @param own this edge's zone; empty has none
-- @return factor of the own zone's instances, and of all others
function _M.factors(zones, own)
  local weight = zones[own] or 0
  if own == "" or weight <= 0 then
    return 1, 1
  end
  local total, count = 0, 0
  for zone, usable in pairs(zones) do
    total = total + usable
    if usable > 0 and zone ~= "" then
      count = count + 1
    end
  end
  local others = total - weight
  local kept = weight / total / (1.0 / count)
  if kept >= 1 or others <= 0 then
    return 1, 0
  end
  return 1, (1 - kept) / kept * weight / others
end

--- Notes the zone of an instance that a request was tried at; the empty zone is none.
-- @param seen set of zones, or nil
-- @return the set
function _M.note(seen, zone)
  seen = seen or {}
  if zone ~= "" then
    seen[zone] = true
  end
  return seen
end

--- Whether a request was tried in that zone.
function _M.tried(seen, zone)
  return seen[zone] == true
end

return _M
