-- Requests in flight, shared by all workers at the cost of a read: memory that the master maps before it forks, a row for each
-- worker and a slot for each address. A worker writes its own row alone, so nothing is locked, and a count is the sum of a column.
-- Who takes a dead worker's place empties its row. A reload maps anew: what the old workers still finish is not counted.

local ffi = require "ffi"

local tonumber = tonumber
local cast, fill = ffi.cast, ffi.fill

pcall(ffi.cdef, "void *mmap(void *addr, size_t length, int prot, int flags, int fd, long offset);")

local _M = {}

--- Slots; addresses beyond them share.
_M.SLOTS = 262144
local HEAD = 4096 -- bytes before the rows: cell 0 is the store's sequence, cell 1 + id is 1 while that worker lives

local dict
local cells, rows, own, count = nil, nil, nil, 1

--- Maps the memory; in the master.
-- @param shared dictionary that remembers which slot is whose
-- @param workers number of worker processes
function _M.map(shared, workers)
  dict, count = shared, workers
  -- PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS of Linux
  local memory = ffi.C.mmap(nil, HEAD + workers * _M.SLOTS * 4, 3, 0x21, -1, 0)
  assert(cast("intptr_t", memory) ~= -1, "no shared memory for the figures")
  cells = cast("double *", memory)
  rows = cast("int32_t *", cast("char *", memory) + HEAD)
  own = rows
end

--- Takes this worker's row.
-- @param id from 0
-- @return whether the one before did not leave in good order
function _M.enter(id)
  own = rows + id * _M.SLOTS
  local lost = cells[1 + id] == 1
  if lost then
    fill(own, _M.SLOTS * 4)
  end
  cells[1 + id] = 1
  return lost
end

--- Gives it back.
function _M.leave(id)
  cells[1 + id] = 0
end

--- The slot of an address or another name, the same in all workers.
function _M.slot(name)
  local key = "slot:" .. name
  local slot = dict:get(key)
  if slot then
    return slot
  end
  slot = dict:incr("slots", 1, 0) % _M.SLOTS
  if dict:add(key, slot) then
    return slot
  end
  return dict:get(key) or slot
end

--- Adds to this worker's part of a slot.
function _M.add(slot, amount)
  own[slot] = own[slot] + amount
end

--- Requests in flight in a slot, of all workers.
function _M.get(slot)
  local sum = 0
  for row = 0, count - 1 do
    sum = sum + rows[row * _M.SLOTS + slot]
  end
  return sum > 0 and sum or 0
end

--- The sequence of the store, as the workers see it without asking a dictionary.
function _M.sequence()
  return tonumber(cells[0])
end

function _M.set_sequence(number)
  cells[0] = number
end

return _M
