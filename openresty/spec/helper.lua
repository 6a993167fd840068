-- What specs need of nginx: a clock they set, and dictionaries in memory.

local folder = debug.getinfo(1, "S").source:match("^@(.*)/spec/[^/]*$") or "openresty"
package.path = folder .. "/lua/?.lua;" .. folder .. "/spec/?.lua;" .. package.path

local helper = { folder = folder, time = 1000 }

local function dict()
  local held = { data = {} }
  function held:get(key)
    return self.data[key]
  end
  function held:set(key, value)
    self.data[key] = value
    return true
  end
  held.safe_set = held.set
  function held:add(key, value)
    if self.data[key] ~= nil then
      return false, "exists"
    end
    self.data[key] = value
    return true
  end
  function held:incr(key, amount, init)
    if self.data[key] == nil then
      if init == nil then
        return nil, "not found"
      end
      self.data[key] = init
    end
    self.data[key] = self.data[key] + amount
    return self.data[key]
  end
  function held:delete(key)
    self.data[key] = nil
  end
  function held:get_keys()
    local keys = {}
    for key in pairs(self.data) do
      keys[#keys + 1] = key
    end
    return keys
  end
  return held
end
helper.dict = dict

_G.ngx = {
  now = function() return helper.time end,
  time = function() return math.floor(helper.time) end,
  log = function() end, WARN = 1, ERR = 2, NOTICE = 3, INFO = 4,
  socket = { tcp = function() error("no sockets in specs") end },
  worker = { exiting = function() return false end, pid = function() return 1 end },
  sleep = function() end,
  sha1_bin = function(text) return text:sub(1, 20) end,
  shared = {},
}

--- Drops modules, so that those with state begin anew.
function helper.fresh(...)
  for _, name in ipairs({ ... }) do
    package.loaded[name] = nil
  end
end

--- A file of the tests' shared cases, read; nil where it is not there.
function helper.vectors(name)
  local root = os.getenv("FAIRWAY_VECTORS") or (folder .. "/../tests/vectors")
  local file = io.open(root .. "/" .. name, "r")
  if not file then
    return nil
  end
  local text = file:read("*a")
  file:close()
  return assert(require("cjson").decode(text))
end

--- Draws that were written down, one after another.
function helper.draws(...)
  local list, at = { ... }, 0
  if type(list[1]) == "table" then
    list = list[1]
  end
  return function()
    at = at + 1
    return assert(list[at], "more draws than were written down")
  end
end

package.loaded["spec_helper"] = helper
return helper
