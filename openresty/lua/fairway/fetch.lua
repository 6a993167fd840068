-- Keeps the store fresh: one worker a node long-polls a gateway for what changed, and goes to the next gateway when one fails.
-- Where long-polls do not come through (something between cuts them), it asks at intervals instead.

local cjson = require "cjson.safe"
local http = require "fairway.http"
local snapshot = require "fairway.snapshot"
local store = require "fairway.store"
local disk = require "fairway.disk"
local counters = require "fairway.counters"
local addresses = require "fairway.addresses"

local now, log, WARN, NOTICE, ERR = ngx.now, ngx.log, ngx.WARN, ngx.NOTICE, ngx.ERR
local sleep, exiting = ngx.sleep, ngx.worker.exiting
local random, min, max = math.random, math.min, math.max
local ipairs = ipairs

local _M = {}

--- Long-polls that fail in a row while plain reads succeed, before intervals are used.
local CUT = 3
--- How long intervals are used before a long-poll is tried again, seconds.
local INTERVALS_FOR = 60
--- The file is written at most so often, seconds.
local SAVE_EVERY = 5

local config
local state = { cut = 0, intervals_until = 0, saved = 0, gateway = 1 }

function _M.configure(options)
  config = options
end

-- The gateways to ask: those configured, then those the snapshot names.
local function gateways()
  local all, known = {}, {}
  for _, target in ipairs(config.gateways) do
    known[target.host .. ":" .. target.port] = true
    all[#all + 1] = target
  end
  for _, member in ipairs(cjson.decode(store.get("t:gateways") or "[]") or {}) do
    local host, port = addresses.split(member.address)
    if host and not known[host .. ":" .. port] then
      known[host .. ":" .. port] = true
      all[#all + 1] = { host = host, port = port }
    end
  end
  return all
end

local function jitter(seconds)
  return seconds * (0.5 + random())
end

local function save(force)
  if state.dirty and (force or now() - state.saved >= SAVE_EVERY) then
    state.saved, state.dirty = now(), false
    local ok, err = disk.write(config.snapshot_file, store.dump(), ngx.time(), ngx.crc32_long)
    if not ok then
      counters.add("fairway_edge_snapshot_writes_failed_total")
      log(ERR, "the snapshot could not be written: ", err)
    end
  end
end
_M.save = save

local function forget_kept()
  local kept = state.kept
  if kept and now() >= kept.at then
    state.kept = nil
    log(WARN, "services absent from the list for ", config.hold_seconds, " s leave: ", table.concat(kept.names, " "))
    store.forget(kept.names)
    state.dirty = true
  end
end

-- Services that a full list lacked stay a while when it lacked most of them.
local function accept(doc)
  local keep = doc.full == true and config.hold_seconds > 0 and not state.kept and snapshot.loses_most(store.held(), doc)
  local ok, kept, partly = store.apply(doc, keep or (doc.full == true and state.kept ~= nil))
  if not ok then
    return nil, kept
  end
  if partly then
    counters.add("fairway_edge_store_failures_total")
    log(ERR, "the snapshot does not fit; raise Edge__SnapshotMib: ", partly)
  end
  if doc.full == true then
    if #kept == 0 then
      state.kept = nil
    elseif keep then
      state.kept = { at = now() + config.hold_seconds, names = kept }
      log(WARN, "a list without over half of the instances: the absent services stay for ", config.hold_seconds, " s")
    else
      state.kept.names = kept
    end
  elseif state.kept then
    local names = {}
    for _, name in ipairs(state.kept.names) do
      if not doc.services[name] then
        names[#names + 1] = name
      end
    end
    state.kept.names = names
  end
  state.dirty = true
  return true
end

local function refuse(why)
  counters.add("fairway_edge_snapshots_refused_total", 'reason="' .. why .. '"')
  state.full = true -- whatever it was, ask for all of it next time
  return nil, "refused: " .. why
end

local function take(body)
  local doc = cjson.decode(body)
  if doc == nil then
    return refuse("corrupt")
  end
  local ok, err = snapshot.check(doc)
  if not ok then
    log(WARN, "snapshot refused: ", err)
    return refuse("corrupt")
  end
  ok, err = accept(doc)
  if not ok then
    return refuse(err)
  end
  state.full = false
  counters.add("fairway_edge_snapshots_total", doc.full and 'kind="full"' or 'kind="delta"')
  return true
end

-- One read of one gateway. True when it answered, with or without news.
local function ask(target, wait)
  local since = not state.full and store.version() or nil
  local path = "/v1/edge/snapshot"
  local patience = 10
  if since then
    path = path .. "?since=" .. since
    if wait > 0 then
      path = path .. "&wait=" .. wait .. "s"
      patience = wait + 2
    end
  end
  local status, body = http.get(target, path, config.gateway_headers, {
    connect_ms = 1000, wait_s = patience, limit = config.max_snapshot_bytes, stop = exiting,
  })
  if not status then
    return nil, body
  end
  if status == 304 then
    return true
  end
  if status ~= 200 then
    return nil, "status " .. status
  end
  return take(body)
end

local function succeeded(target)
  local address = target.host .. ":" .. target.port
  store.set("contact", now())
  store.set("gateway", address)
  if store.get("failing") then
    store.set("failing", nil)
    store.changed("contact")
    log(NOTICE, "gateway ", address, " answers")
  end
end

local function failed(target, err)
  counters.add("fairway_edge_fetch_failures_total")
  if not store.get("failing") then
    store.set("failing", now())
    store.changed("contact")
  end
  log(WARN, "gateway ", target.host, ":", target.port, ": ", err)
end

-- Asks the gateways in turn until one answers.
local function round()
  local targets = gateways()
  local waits = now() >= state.intervals_until
  for attempt = 0, #targets - 1 do
    local index = (state.gateway - 1 + attempt) % #targets + 1
    local polled = waits and store.version() and not state.full
    local ok, err = ask(targets[index], waits and config.poll_seconds or 0)
    if exiting() then
      return true
    end
    if ok then
      state.gateway, state.cut = index, 0
      succeeded(targets[index])
      return true
    end
    if polled and (err == "closed" or err == "timeout" or (err or ""):match("^status 50[24]")) then
      -- Was it the waiting that failed? Then a plain read comes through.
      ok = ask(targets[index], 0)
      if ok then
        state.gateway, state.cut = index, state.cut + 1
        succeeded(targets[index])
        if state.cut >= CUT then
          state.intervals_until, state.cut = now() + INTERVALS_FOR, 0
          log(WARN, "long-polls are cut; asking every ", config.interval_seconds, " s for ", INTERVALS_FOR, " s")
        end
        return true
      end
    end
    failed(targets[index], err)
  end
  return false
end

--- Runs until this worker drains or loses the lease.
-- @param keeps function: whether the lease is still held
function _M.run(keeps)
  local pause = 0
  state.full, state.dirty = false, false
  while not exiting() and keeps() do
    local ok, answered = pcall(round)
    if not ok then
      log(ERR, "fetch: ", answered)
    end
    if ok and answered then
      pause = 0
      if state.intervals_until > now() then
        sleep(jitter(config.interval_seconds))
      end
    else
      pause = min(2, max(0.1, pause * 2))
      sleep(jitter(pause))
    end
    forget_kept()
    save(false)
  end
  save(true)
end

--- Fills the store from the file, once, before any worker runs.
function _M.restore()
  if store.version() then
    return -- a reload: the dictionary kept all
  end
  local text, saved = disk.read(config.snapshot_file, ngx.crc32_long)
  if not text then
    if saved then
      counters.add("fairway_edge_snapshots_refused_total", 'reason="file"')
      log(ERR, "the snapshot file is not used: ", saved)
    end
    return
  end
  local ok, err = store.restore(text)
  if not ok then
    log(ERR, "the snapshot file is not used: ", err)
    return
  end
  -- Until a gateway answers this is an old list.
  store.set("contact", saved)
  store.set("failing", 0)
  log(NOTICE, "serving the snapshot of ", saved, " until a gateway answers")
end

_M.take = take
_M.state = state

return _M
