-- The entry rule of a service: kill > trusted explicit label > whitelist > region > ratio > base. Pure; agrees bit for bit with
-- Core/Lanes/EntryRule.

local crypto = require "fairway.crypto"

local ipairs, type = ipairs, type

local _M = {}

local function set(values)
  local members = {}
  for _, value in ipairs(type(values) == "table" and values or {}) do
    members[value] = true
  end
  return members
end

--- Makes a rule ready to ask.
function _M.prepare(rule)
  return {
    target = rule.target, salt = type(rule.salt) == "string" and rule.salt or "", kill = rule.kill == true,
    whitelist = set(rule.whitelist), regions = set(rule.regions),
    ratio = type(rule.ratioPer10000) == "number" and rule.ratioPer10000 or 0,
  }
end

--- `uint32be(sha256(salt + ":" + key)[0..4]) % 10000`: the same salt and key always fall alike.
function _M.bucket(salt, key)
  return crypto.word(crypto.sha256(salt .. ":" .. key), 1) % 10000
end

--- Decides the label of a request that enters.
-- @param rule of prepare, or nil
-- @param label of a trusted caller; nil or empty for none
-- @param user id, or nil; region, or nil
-- @return the label (nil is base) and the reason: "none", "kill", "label", "whitelist", "region", "ratio"
function _M.assign(rule, label, user, region)
  label = label ~= "" and label or nil
  if not rule then
    return label, label and "label" or "none"
  end
  if rule.kill then
    if not label or label == rule.target then
      return nil, "kill"
    end
    return label, "label"
  end
  if label then
    return label, "label"
  end
  user = user ~= "" and user or nil
  if user and rule.whitelist[user] then
    return rule.target, "whitelist"
  end
  if region and region ~= "" and rule.regions[region] then
    return rule.target, "region"
  end
  if user and rule.ratio > 0 and _M.bucket(rule.salt, user) < rule.ratio then
    return rule.target, "ratio"
  end
  return nil, "none"
end

return _M
