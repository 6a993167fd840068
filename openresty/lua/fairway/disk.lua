-- The last good snapshot in a file, so that an edge that starts while discovery is away still serves.
-- First line: `fairway-edge 1 {crc32} {bytes} {saved, Unix seconds}`; then the text.

local open, rename, remove = io.open, os.rename, os.remove
local format, match = string.format, string.match

local _M = {}

local HEADER = "^fairway%-edge 1 (%d+) (%d+) (%d+)\n"

--- Writes it whole or not at all.
-- @param crc32 function of a text
function _M.write(path, text, now, crc32)
  local fresh = path .. ".new"
  local file, err = open(fresh, "w")
  if not file then
    return nil, err
  end
  local ok
  ok, err = file:write(format("fairway-edge 1 %d %d %d\n", crc32(text), #text, now), text)
  local closed, close_err = file:close()
  if not ok or not closed then
    remove(fresh)
    return nil, err or close_err
  end
  return rename(fresh, path)
end

--- Reads it.
-- @return text and when it was saved, or nil and why not; nil and nil where there is none
function _M.read(path, crc32)
  local file = open(path, "r")
  if not file then
    return nil
  end
  local content = file:read("*a")
  file:close()
  local crc, bytes, saved = match(content, HEADER)
  if not crc then
    return nil, "it does not begin as one"
  end
  local text = content:sub(#content - tonumber(bytes) + 1)
  if #text ~= tonumber(bytes) or crc32(text) ~= tonumber(crc) then
    return nil, "it is damaged"
  end
  return text, tonumber(saved)
end

return _M
