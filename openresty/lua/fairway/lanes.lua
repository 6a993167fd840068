-- Where a request may go: no label, base only; a label whose lane declares the service, that lane only; else a live instance of
-- that lane, or base. Never another lane, never an offline address. Pure; agrees with Core/Lanes/LaneRouter.

local type, pairs = type, pairs

local _M = {}

--- Makes the environment list ready: lane -> set of the services it declares.
function _M.prepare(lanes)
  local table_of = {}
  for lane, entry in pairs(lanes) do
    local declared = {}
    for service in pairs(type(entry) == "table" and type(entry.services) == "table" and entry.services or {}) do
      declared[service] = true
    end
    table_of[lane] = declared
  end
  return table_of
end

--- Decides for one request.
-- @param service name
-- @param label of a good form, or nil
-- @param table_of lanes, of prepare
-- @param usable function of a lane ("" is base): its list and how many of it this request may use
-- @return a decision: rule, code (nil for a route), list, usable, lane (nil is base), label, unknown
function _M.decide(service, label, table_of, usable)
  if not label then
    local list, count = usable("")
    return { rule = "base", code = count == 0 and "NO_PROVIDER" or nil, list = list, usable = count }
  end
  local declared = table_of[label]
  local unknown = declared == nil
  local list, count = usable(label)
  if declared and declared[service] then
    return {
      rule = "declared", code = count == 0 and "LANE_SERVICE_DOWN" or nil, list = list, usable = count,
      lane = count > 0 and label or nil, label = label, unknown = false,
    }
  end
  if count > 0 then
    return { rule = "live", list = list, usable = count, lane = label, label = label, unknown = unknown }
  end
  list, count = usable("")
  return {
    rule = "undeclared", code = count == 0 and "NO_PROVIDER" or nil, list = list, usable = count, label = label, unknown = unknown,
  }
end

--- One line that says why a request went where it went, as the Gateway and the Sdk say it.
-- @param version of the lane table
function _M.why(decision, version)
  return "label=" .. (decision.label or "none") .. "; rule=" .. decision.rule .. "; "
    .. (decision.code and ("code=" .. decision.code) or ("lane=" .. (decision.lane or "base")))
    .. "; candidates=" .. decision.usable .. "; table=" .. version
end

return _M
