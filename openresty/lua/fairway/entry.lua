-- What a request may bring into the house: from outside the headers of labels are taken away, a tester's are taken over, a trusted
-- hop's are verified. Pure.

local labels = require "fairway.labels"

local ipairs = ipairs
local match = string.match

local _M = {}

local function present(value)
  local text = labels.joined(value)
  return text ~= nil and match(text, "[^, \t]") ~= nil
end

-- A tester is a caller whose verified token names the very lane that is asked for.
local function is_tester(headers, claims)
  if not claims or not claims.has_lanes then
    return false
  end
  local asked = false
  for member in (labels.joined(headers[labels.FLOWTYPE]) or ""):gmatch("[^,]+") do
    local lane = match(member, "^[ \t]*(.-)[ \t]*$")
    if lane ~= "" then
      if not claims.lanes[lane] then
        return false
      end
      asked = true
    end
  end
  return asked
end

--- Decides what becomes of the headers that mark a request.
-- @param headers by lower-case name; repeated ones are arrays
-- @param claims of the verified token, or nil
-- @param trusted whether the hop before is one of the house
-- @param keys secrets by kid; now Unix seconds
-- @return label or nil, whether it was a forgery, and the changes of headers to make (name -> value, false takes it away);
--   or false, nil, nil and a code when the request must be refused
function _M.admit(headers, claims, trusted, keys, now)
  local changes, spoofed, label = {}, false, nil
  local fault
  if trusted then
    label, fault = labels.read_trusted(headers, keys, now)
  elseif is_tester(headers, claims) then
    label, fault = labels.parse(labels.joined(headers[labels.FLOWTYPE]), labels.joined(headers[labels.STRESS]), labels.joined(headers[labels.OFFLINE]))
    if not label then
      label = false
    end
  else
    for _, name in ipairs({ labels.FLOWTYPE, labels.STRESS, labels.OFFLINE, labels.SIGNATURE }) do
      spoofed = spoofed or present(headers[name])
    end
  end
  if label == false then
    return false, nil, nil, fault
  end

  for _, name in ipairs({ labels.FLOWTYPE, labels.STRESS, labels.OFFLINE, labels.SIGNATURE }) do
    if headers[name] then
      changes[name] = false
    end
  end
  for _, name in ipairs({ "baggage", "tracestate" }) do
    local rest, found = labels.without_members(headers[name])
    if found then
      changes[name] = rest or false
      spoofed = spoofed or not label
    end
  end
  return label, spoofed and not trusted, changes
end

return _M
