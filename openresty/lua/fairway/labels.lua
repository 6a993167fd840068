-- The headers of a label: read, verified, stripped, signed. Agrees with Core/Lanes/LabelReader and LabelKeys.

local crypto = require "fairway.crypto"
local addresses = require "fairway.addresses"

local type, ipairs, tonumber = type, ipairs, tonumber
local find, match, gmatch = string.find, string.match, string.gmatch
local concat = table.concat

local _M = {}

_M.FLOWTYPE = "x-infr-flowtype"
_M.STRESS = "x-infr-stress"
_M.OFFLINE = "x-infr-offline"
_M.SIGNATURE = "x-lane-sig"
_M.MAX_OFFLINE = 32

--- Lines of a header, joined by commas as HTTP has it (RFC 9110, 5.3); nil for none.
local function joined(value)
  return type(value) == "table" and concat(value, ",") or value
end
_M.joined = joined

--- Whether a text has the form of a lane label.
function _M.is_lane(text)
  return #text >= 1 and #text <= 64 and not find(text, "[^%w._-]")
end

local function members(text)
  local found = {}
  for member in gmatch(text or "", "[^,]+") do
    local value = match(member, "^[ \t]*(.-)[ \t]*$")
    if value ~= "" then
      found[#found + 1] = value
    end
  end
  return found
end

local function single(text, has_form)
  local found, differ
  for _, value in ipairs(members(text)) do
    if not has_form(value) then
      return nil, "LANE_LABEL_INVALID"
    end
    differ = differ or (found ~= nil and found ~= value)
    found = found or value
  end
  if differ then
    return nil, "LANE_LABEL_AMBIGUOUS"
  end
  return found
end

local function worse(a, b)
  return (a == "LANE_LABEL_INVALID" or not b) and a or b
end

--- Reads the three values; forms are judged before agreement.
-- @return label {lane, stress, offline (array, each once), offline_text}, or nil and a code
function _M.parse(flowtype, stress, offline)
  local lane, lane_fault = single(flowtype, _M.is_lane)
  local mark, mark_fault = single(stress, function(value) return value == "1" end)
  local list, seen, each, fault = members(offline), {}, {}, nil
  if #list > _M.MAX_OFFLINE then
    fault = "LANE_LABEL_INVALID"
  end
  for _, address in ipairs(list) do
    if not addresses.is_ip_port(address) then
      fault = "LANE_LABEL_INVALID"
    elseif not seen[address] then
      seen[address] = true
      each[#each + 1] = address
    end
  end
  fault = worse(fault, worse(lane_fault, mark_fault))
  if fault then
    return nil, fault
  end
  return { lane = lane, stress = mark ~= nil, offline = each, offline_text = concat(list, ",") }
end

local function message(label, expiry)
  return (label.lane or "") .. "\n" .. (label.stress and "1" or "") .. "\n" .. label.offline_text .. "\n" .. expiry
end

--- Whether nothing is on a label.
function _M.is_empty(label)
  return not label.lane and not label.stress and #label.offline == 0
end

--- Signs a label.
-- @param expiry Unix seconds, whole
function _M.sign(label, kid, secret, expiry)
  local digits = ("%d"):format(expiry)
  return kid .. "." .. digits .. "." .. crypto.encode64(crypto.hmac(secret, message(label, digits)))
end

--- Whether a signature is this label's, of a known key, and not expired.
function _M.verify(label, signature, keys, now)
  local kid, digits, mac = match(signature, "^(.+)%.(%d+)%.([^.]*)$")
  if not kid or #digits > 15 or #mac ~= 43 then
    return false
  end
  local secret = keys[kid]
  if not secret then
    return false
  end
  return crypto.equal(crypto.encode64(crypto.hmac(secret, message(label, digits))), mac) and now < tonumber(digits)
end

--- Reads and verifies what came over a trusted hop.
-- @param headers with lines joined
-- @return a label, nil where there is none, or false and a code
function _M.read_trusted(headers, keys, now)
  local flowtype, stress, offline, signature =
    joined(headers[_M.FLOWTYPE]), joined(headers[_M.STRESS]), joined(headers[_M.OFFLINE]), joined(headers[_M.SIGNATURE])
  local label, fault = _M.parse(flowtype, stress, offline)
  if not label then
    return false, fault
  end
  local signed, ambiguous = single(signature, function() return true end)
  if ambiguous then
    return false, ambiguous
  end
  if _M.is_empty(label) and not signed then
    return nil
  end
  if not signed or not _M.verify(label, signed, keys, now) then
    return false, "LANE_LABEL_TAMPERED"
  end
  return not _M.is_empty(label) and label or nil
end

--- A list such as baggage or tracestate without the members `lane` and `stress`.
-- @return the rest (nil where nothing is left) and whether one was there
function _M.without_members(value)
  local text = joined(value)
  if not text or text == "" then
    return text, false
  end
  local rest, found = {}, false
  for _, member in ipairs(members(text)) do
    local key = match(member, "^([^=;%s]*)")
    if key == "lane" or key == "stress" then
      found = true
    else
      rest[#rest + 1] = member
    end
  end
  if not found then
    return text, false
  end
  return rest[1] and concat(rest, ",") or nil, true
end

--- baggage with what a label says, for others to see.
function _M.baggage(rest, label)
  local own = {}
  if rest and rest ~= "" then
    own[1] = rest
  end
  if label.lane then
    own[#own + 1] = "lane=" .. label.lane
  end
  if label.stress then
    own[#own + 1] = "stress=1"
  end
  return own[1] and concat(own, ",") or nil
end

--- What to tell a caller whose label is not taken; never quotes what was sent.
function _M.describe(code)
  if code == "LANE_LABEL_INVALID" then
    return "A label is 1-64 of A-Za-z0-9._- in x-infr-flowtype, 1 in x-infr-stress, and at most 32 ip:port in x-infr-offline."
  end
  if code == "LANE_LABEL_AMBIGUOUS" then
    return "The request carries two different labels."
  end
  return "The label has no valid signature in x-lane-sig."
end

return _M
