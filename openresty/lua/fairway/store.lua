-- What the edge knows, in a dictionary that all workers share: one entry a service (`s:{name}`), one a table
-- (`t:{name}`). One worker writes; each change has a number, and `log:{number}` names what changed, so that the others
-- decode that and nothing else.

local cjson = require "cjson.safe"
local snapshot = require "fairway.snapshot"
local version = require "fairway.version"

local tonumber, pairs, ipairs, type = tonumber, pairs, ipairs, type
local sub = string.sub
local encode, decode = cjson.encode, cjson.decode

local _M = {}

--- How many changes a worker may be behind before it reads all anew.
_M.LOG = 4096
--- How many producers' highest counters are remembered.
local EPOCHS = 8

local dict, noticed

--- @param shared the dictionary
-- @param on_change function of the sequence, called when it moved
function _M.bind(shared, on_change)
  dict, noticed = shared, on_change
end

function _M.seq()
  return dict:get("seq") or 0
end

function _M.get(key)
  return dict:get(key)
end

function _M.set(key, value, ttl)
  return dict:set(key, value, ttl or 0)
end

function _M.version()
  return dict:get("version")
end

--- Tells all workers that `key` changed.
function _M.changed(key)
  local number = dict:incr("written", 1, 0)
  dict:set("log:" .. number, key)
  dict:delete("log:" .. (number - _M.LOG))
  dict:set("seq", number)
  if noticed then
    noticed(number)
  end
end

local function put(key, value, failures)
  -- Never at the cost of another service's entry.
  local ok, err = dict:safe_set(key, value)
  if not ok then
    failures[#failures + 1] = key .. ": " .. err
    return
  end
  _M.changed(key)
end

--- Instances by service, as held now.
function _M.held()
  local held = {}
  for _, key in ipairs(dict:get_keys(0)) do
    if sub(key, 1, 2) == "s:" then
      held[sub(key, 3)] = dict:get("n:" .. sub(key, 3)) or 0
    end
  end
  return held
end

local function remember(seen, order, text)
  local epoch, counter = version.parse(text)
  if not seen[epoch] then
    order[#order + 1] = epoch
    if #order > EPOCHS then
      seen[table.remove(order, 1)] = nil
    end
  end
  seen[epoch] = counter
end

local function seen()
  local entry = decode(dict:get("epochs") or "")
  return entry and entry.seen or {}, entry and entry.order or {}
end

--- Takes a service in.
local function put_service(name, service, failures)
  put("s:" .. name, encode(snapshot.columns(service)), failures)
  dict:set("n:" .. name, #service.instances)
end

local function remove_service(name)
  dict:delete("s:" .. name)
  dict:delete("n:" .. name)
  _M.changed("s:" .. name)
end

--- Takes a document that was checked.
-- @param keep_absent a full document's absent services stay for now
-- @return true and the names that were kept, or nil and why it is refused: "older", "base"
function _M.apply(doc, keep_absent)
  local counters, order = seen()
  local ok, err = version.admits(counters, doc.version)
  if not ok then
    return nil, err
  end
  if doc.full ~= true and doc.base ~= _M.version() then
    return nil, "base"
  end

  local failures, kept = {}, {}
  for name, service in pairs(doc.services) do
    put_service(name, service, failures)
  end
  if doc.full == true then
    for name in pairs(_M.held()) do
      if not doc.services[name] then
        if keep_absent then
          kept[#kept + 1] = name
        else
          remove_service(name)
        end
      end
    end
  else
    for _, name in ipairs(doc.removed or {}) do
      remove_service(name)
    end
  end

  for _, name in ipairs(snapshot.TABLES) do
    local value = doc[name]
    if type(value) == "table" then
      put("t:" .. name, encode(value), failures)
      dict:set("at:" .. name, doc.version)
    elseif doc.full == true then
      dict:delete("t:" .. name)
      _M.changed("t:" .. name)
    end
  end

  remember(counters, order, doc.version)
  dict:set("epochs", encode({ seen = counters, order = order }))
  dict:set("version", doc.version)
  dict:set("stale", doc.stale == true and (tonumber(doc.staleMs) or 0) or -1)
  if #failures > 0 then
    return true, kept, table.concat(failures, "; ")
  end
  return true, kept
end

--- Removes services that a full document no longer had, now that they have been waited for.
function _M.forget(names)
  for _, name in ipairs(names) do
    remove_service(name)
  end
end

--- All of it as one text, for the disk.
function _M.dump()
  local services, tables = {}, {}
  for _, key in ipairs(dict:get_keys(0)) do
    local kind, name = sub(key, 1, 2), sub(key, 3)
    if kind == "s:" then
      services[name] = dict:get(key)
    elseif kind == "t:" then
      tables[name] = { text = dict:get(key), at = dict:get("at:" .. name) }
    end
  end
  return encode({ version = _M.version(), epochs = dict:get("epochs"), services = services, tables = tables })
end

--- Fills an empty store from such a text.
function _M.restore(text)
  local saved, err = decode(text)
  if type(saved) ~= "table" or type(saved.services) ~= "table" or type(saved.tables) ~= "table" or not version.parse(saved.version) then
    return nil, err or "not a snapshot"
  end
  local failures = {}
  for name, entry in pairs(saved.services) do
    local columns = decode(entry)
    if type(columns) ~= "table" or type(columns.id) ~= "table" or type(columns.address) ~= "table" then
      return nil, "service " .. name .. " is broken"
    end
    put("s:" .. name, entry, failures)
    dict:set("n:" .. name, #columns.id)
  end
  for name, entry in pairs(saved.tables) do
    put("t:" .. name, entry.text, failures)
    dict:set("at:" .. name, entry.at)
  end
  if type(saved.epochs) == "string" then
    dict:set("epochs", saved.epochs)
  end
  dict:set("version", saved.version)
  dict:set("stale", -1)
  return true
end

return _M
