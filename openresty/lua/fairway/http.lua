-- The little of HTTP/1.1 that reading lists takes, over nginx's own non-blocking sockets.

local tcp = ngx.socket.tcp
local concat = table.concat
local find, sub, match, lower = string.find, string.sub, string.match, string.lower
local tonumber = tonumber

local _M = {}

local SLICE_MS = 500
local HEADER_LIMIT = 65536

-- A reader with what was received and not yet used. `stop` ends a wait early.
local function reader(sock, deadline, stop)
  return { sock = sock, deadline = deadline, stop = stop, buffer = "" }
end

local function more(self)
  while true do
    local data, err = self.sock:receiveany(65536)
    if data then
      return data
    end
    if err ~= "timeout" then
      return nil, err
    end
    if self.stop() then
      return nil, "stopped"
    end
    if ngx.now() >= self.deadline then
      return nil, "timeout"
    end
  end
end

local function until_found(self, mark, limit)
  while true do
    local from, to = find(self.buffer, mark, 1, true)
    if from then
      local before = sub(self.buffer, 1, from - 1)
      self.buffer = sub(self.buffer, to + 1)
      return before
    end
    if #self.buffer > limit then
      return nil, "too long"
    end
    local data, err = more(self)
    if not data then
      return nil, err
    end
    self.buffer = self.buffer .. data
  end
end

local function exactly(self, count)
  local parts, have = { self.buffer }, #self.buffer
  while have < count do
    local data, err = more(self)
    if not data then
      return nil, err
    end
    parts[#parts + 1] = data
    have = have + #data
  end
  local all = concat(parts)
  self.buffer = sub(all, count + 1)
  return sub(all, 1, count)
end

local function chunked(self, limit)
  local parts, have = {}, 0
  while true do
    local line, err = until_found(self, "\r\n", 1024)
    if not line then
      return nil, err
    end
    local size = tonumber(match(line, "^%x+") or "", 16)
    if not size then
      return nil, "bad chunk"
    end
    have = have + size
    if have > limit then
      return nil, "too large"
    end
    local data
    data, err = exactly(self, size + 2)
    if not data then
      return nil, err
    end
    if size == 0 then
      return concat(parts)
    end
    parts[#parts + 1] = sub(data, 1, size)
  end
end

local function to_end(self, limit)
  local parts, have = { self.buffer }, #self.buffer
  while have <= limit do
    local data, err = more(self)
    if not data then
      if err == "closed" then
        return concat(parts)
      end
      return nil, err
    end
    parts[#parts + 1] = data
    have = have + #data
  end
  return nil, "too large"
end

--- Asks once.
-- @param target {host, port}
-- @param path with query
-- @param headers lines of the request, each ending in CRLF
-- @param options connect_ms, wait_s (for the first byte), limit (bytes of body), stop (function)
-- @return status and body, or nil and an error
function _M.get(target, path, headers, options)
  local sock = tcp()
  sock:settimeouts(options.connect_ms, 5000, SLICE_MS)
  local ok, err = sock:connect(target.host, target.port)
  if not ok then
    return nil, err
  end
  ok, err = sock:send("GET " .. path .. " HTTP/1.1\r\nHost: " .. target.host .. ":" .. target.port
    .. "\r\nAccept: application/json\r\n" .. headers .. "\r\n")
  if not ok then
    sock:close()
    return nil, err
  end

  local self = reader(sock, ngx.now() + options.wait_s, options.stop)
  local head
  head, err = until_found(self, "\r\n\r\n", HEADER_LIMIT)
  if not head then
    sock:close()
    return nil, err
  end
  local status = tonumber(match(head, "^HTTP/1%.[01] (%d%d%d)"))
  if not status then
    sock:close()
    return nil, "not HTTP"
  end

  self.deadline = ngx.now() + 30
  local fields = lower(head)
  local length = tonumber(match(fields, "\r\ncontent%-length: *(%d+)"))
  local keep = not find(fields, "\r\nconnection: *close")
  local body
  if status == 304 or status == 204 or length == 0 then
    body = ""
  elseif find(fields, "\r\ntransfer%-encoding: *chunked") then
    body, err = chunked(self, options.limit)
  elseif length then
    if length > options.limit then
      body, err = nil, "too large"
    else
      body, err = exactly(self, length)
    end
  else
    keep = false
    body, err = to_end(self, options.limit)
  end
  if not body then
    sock:close()
    return nil, err
  end
  if keep and self.buffer == "" then
    sock:setkeepalive(60000, 4)
  else
    sock:close()
  end
  return status, body
end

return _M
