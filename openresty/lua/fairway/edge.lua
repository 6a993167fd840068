-- The phases of nginx, and who does what in each.

local config = require "fairway.config"
local counters = require "fairway.counters"
local crypto = require "fairway.crypto"
local ejection = require "fairway.ejection"
local errors = require "fairway.errors"
local fetch = require "fairway.fetch"
local figures = require "fairway.figures"
local lease = require "fairway.lease"
local marks = require "fairway.marks"
local metrics = require "fairway.metrics"
local proxy = require "fairway.proxy"
local recent = require "fairway.recent"
local redis = require "fairway.redis"
local relay = require "fairway.relay"
local request = require "fairway.request"
local status = require "fairway.status"
local store = require "fairway.store"
local users = require "fairway.users"
local view = require "fairway.view"
local cjson = require "cjson.safe"

local ngx = ngx

local _M = {}

--- How often a worker looks for changes while no request makes it look, seconds.
local TICK = 0.1

local options

local function configure()
  local names = {}
  for name in (os.getenv("Edge__Names") or ""):gmatch("[^,]+") do
    names[#names + 1] = name
  end
  local read, problems = config.read(os.getenv, names)
  if not read then
    error("EDGE_CONFIG: " .. table.concat(problems, "; "), 0)
  end
  for _, room in ipairs({ users, redis }) do
    local ok, err = room.configure(read)
    if not ok then
      error("EDGE_CONFIG: " .. err, 0)
    end
  end
  options = read
end

--- init: in the master, before any worker and at each reload.
function _M.init()
  require "resty.core"
  configure()
  local shared = ngx.shared
  figures.map(shared.fairway_figures, ngx.worker.count())
  store.bind(shared.fairway_snapshot, figures.set_sequence)
  figures.set_sequence(store.seq())
  counters.bind(shared.fairway_counters)
  ejection.bind(shared.fairway_ejections, options, function() store.changed("ejections") end)
  for _, room in ipairs({ fetch, view, marks, proxy, relay, recent }) do
    room.configure(options)
  end
  fetch.restore()
  counters.flush()
end

-- A timer that goes on until the worker ends; what fails once is logged and tried again.
local function every(seconds, work)
  local ok, err = ngx.timer.every(seconds, function(premature)
    if premature then
      return
    end
    local done, problem = pcall(work)
    if not done then
      ngx.log(ngx.ERR, problem)
    end
  end)
  if not ok then
    ngx.log(ngx.ERR, "no timer: ", err)
  end
end

local function keep_fresh()
  local dict, pid = ngx.shared.fairway_snapshot, ngx.worker.pid()
  local running = false
  local function holds()
    return lease.hold(dict, pid)
  end
  local function work()
    if running or ngx.worker.exiting() or not holds() then
      return
    end
    running = true
    fetch.run(holds)
    running = false
  end
  local function keep()
    if holds() then
      if not running then
        ngx.timer.at(0, function(premature)
          if not premature then
            work()
          end
        end)
      end
    end
  end
  ngx.timer.at(0, function(premature)
    if not premature then
      keep()
    end
  end)
  every(1, keep)
end

--- init_worker.
function _M.init_worker()
  math.randomseed(ngx.worker.pid() * 7919 + math.floor(ngx.now() * 1000) % 1000003)
  if figures.enter(ngx.worker.id()) then
    counters.add("fairway_edge_workers_lost_total")
  end
  view.sync()
  ngx.timer.at(0, function(premature)
    if not premature then
      recent.warm_up()
    end
  end)
  every(TICK, view.tick)
  every(1, function()
    counters.flush()
    recent.flush()
  end)
  keep_fresh()
end

--- exit_worker: this worker takes back what it holds.
function _M.exit_worker()
  local dict, pid = ngx.shared.fairway_snapshot, ngx.worker.pid()
  fetch.save(true)
  counters.flush()
  figures.leave(ngx.worker.id())
  lease.release(dict, pid)
end

_M.access = proxy.access
_M.grpc_access = proxy.grpc_access
_M.balance = proxy.balance
_M.gateway_access = relay.access
_M.page_access = relay.page_access
_M.balance_gateways = relay.balance

--- log.
function _M.log()
  local context = request.finish()
  if not context then
    return
  end
  if context.gateway then
    return relay.log()
  end
  return proxy.log(context)
end

--- What nginx refuses, or could not do, in the house's words.
function _M.problem()
  local code = ngx.status
  local context = request.get()
  if context then
    local at, name, detail = (context.gateway and relay or proxy).problem(context, code)
    if at then
      return errors.refuse(at, name, detail)
    end
  end
  local own = errors.OWN[code] or errors.OWN[500]
  return errors.refuse(own[1], own[2], own[3])
end

--- Whether there is a snapshot to serve from.
function _M.ready()
  if not store.version() then
    return errors.refuse(503, "NOT_READY", "No snapshot is in yet.")
  end
  ngx.say("ready")
end

-- Figures are for this machine, and for those who hold the admin key.
local function admitted()
  local address = ngx.var.remote_addr
  if address:match("^127%.") or address == "::1" or address:match("^unix:") then
    return true
  end
  local key = ngx.var.http_x_admin_key
  return options.admin_key ~= nil and key ~= nil and crypto.equal(crypto.sha256(key), crypto.sha256(options.admin_key))
end

local function answer(kind, make)
  if not admitted() then
    return errors.refuse(401, "KEY_REQUIRED", "This call needs the header x-admin-key.")
  end
  view.tick()
  local body = make()
  ngx.header["Content-Type"] = kind
  ngx.header["Cache-Control"] = "no-store"
  ngx.header["Content-Length"] = #body
  ngx.print(body)
end

function _M.status()
  return answer("application/json", function() return status.document(options) end)
end

function _M.metrics()
  return answer("text/plain; version=0.0.4; charset=utf-8", metrics.text)
end

function _M.recent()
  return answer("application/json", function()
    local list, err = recent.read(math.min(options.recent_size, 1000))
    return status.encode({ users = status.array(list or {}), away = err or cjson.null })
  end)
end

return _M
