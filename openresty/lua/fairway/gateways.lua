-- Which gateway has a user: rendezvous hashing over those there are, as Core/Balancing/Rendezvous, so that all edges send a user
-- to the same one and a gateway that leaves gives away only its own users.

local ffi = require "ffi"
local bit = require "bit"
local addresses = require "fairway.addresses"

local bxor, rshift = bit.bxor, bit.rshift
local byte = string.byte
local ipairs, type = ipairs, type
local u64 = ffi.typeof("uint64_t")

local _M = {}

local OFFSET, PRIME = 14695981039346656037ULL, 1099511628211ULL

--- FNV-1a, 64 bits.
local function hash(text)
  local value = OFFSET
  for i = 1, #text do
    value = bxor(value, u64(byte(text, i))) * PRIME
  end
  return value
end

-- The finaliser of SplitMix64.
local function mix(value)
  value = bxor(value, rshift(value, 30)) * 0xbf58476d1ce4e5b9ULL
  value = bxor(value, rshift(value, 27)) * 0x94d049bb133111ebULL
  return bxor(value, rshift(value, 31))
end

--- Gateways of a table of members, made ready; those whose address is no ip:port are passed over.
-- @param members of the snapshot
-- @param configured {host, port}s, used where the snapshot names nobody
function _M.prepare(members, configured)
  local list = {}
  local function add(id, host, port)
    list[#list + 1] = { id = id, host = host, port = port, address = host .. ":" .. port, hash = mix(hash(id)) }
  end
  for _, member in ipairs(members) do
    local host, port = addresses.split(type(member) == "table" and member.address or nil)
    if host and type(member.id) == "string" then
      add(member.id, host, port)
    end
  end
  if #list == 0 then
    for _, target in ipairs(configured) do
      add(target.host .. ":" .. target.port, target.host, target.port)
    end
  end
  return list
end

--- The gateway that owns a key, of those that may be asked; nil where none is left.
-- @param excludes function of a gateway
function _M.owner(list, key, excludes)
  local owner, highest = nil, 0ULL
  local of_key = hash(key)
  for i = 1, #list do
    local gateway = list[i]
    if not excludes(gateway) then
      local score = mix(bxor(of_key, gateway.hash))
      if not owner or score > highest or (score == highest and gateway.id < owner.id) then
        owner, highest = gateway, score
      end
    end
  end
  return owner
end

return _M
