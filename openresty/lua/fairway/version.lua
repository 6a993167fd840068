-- Versions of snapshots: `{epoch}-{counter}`, compared as text, since a counter may pass 2^53.

local match = string.match

local _M = {}

--- Splits a version.
-- @return epoch and counter (digits without leading zeros), or nil
function _M.parse(version)
  if type(version) ~= "string" or #version > 256 then
    return nil
  end
  local epoch, counter = match(version, "^(.+)%-(%d+)$")
  if not epoch then
    return nil
  end
  return epoch, match(counter, "^0*(%d+)$")
end

--- Whether counter a is before counter b.
function _M.before(a, b)
  if #a ~= #b then
    return #a < #b
  end
  return a < b
end

--- Whether a version may follow: "older" exists only within one epoch.
-- @param seen highest counter by epoch
-- @return true, or nil with why not
function _M.admits(seen, version)
  local epoch, counter = _M.parse(version)
  if not epoch then
    return nil, "no version"
  end
  local highest = seen[epoch]
  if highest and _M.before(counter, highest) then
    return nil, "older"
  end
  return true
end

return _M
