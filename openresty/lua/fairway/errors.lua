-- Refusals: application/problem+json with a stable code (RFC 9457), the shape of OpenAI's errors on the paths that speak its
-- language, and a status of gRPC where that is spoken.

local cjson = require "cjson.safe"

local ngx = ngx
local gsub, byte, find, format = string.gsub, string.byte, string.find, string.format

local _M = {}

local TITLES = {
  [400] = "Bad Request", [401] = "Unauthorized", [404] = "Not Found", [405] = "Method Not Allowed", [408] = "Request Timeout",
  [411] = "Length Required", [413] = "Payload Too Large", [414] = "URI Too Long", [416] = "Range Not Satisfiable", [429] = "Too Many Requests",
  [431] = "Request Header Fields Too Large", [500] = "Internal Server Error", [501] = "Not Implemented", [502] = "Bad Gateway",
  [503] = "Service Unavailable", [504] = "Gateway Timeout",
}

-- grpc-status by HTTP status; see the gRPC documentation, "HTTP to gRPC Status Code Mapping".
local GRPC = { [400] = 3, [401] = 16, [404] = 12, [413] = 8, [429] = 14, [502] = 14, [503] = 14, [504] = 4 }

local function percent(text)
  return gsub(text, "[^ -$&-~]", function(character) return format("%%%02X", byte(character)) end)
end

--- The body of a refusal.
function _M.body(status, code, detail)
  return cjson.encode({ type = "about:blank", title = TITLES[status] or "Error", status = status, detail = detail, code = code })
end

--- Whether a path speaks OpenAI's language.
function _M.speaks_openai(uri)
  return uri == "/v1/chat/completions" or find(uri, "^/v1/responses") ~= nil or find(uri, "^/v1/models") ~= nil
end

--- Answers with a refusal and ends the request.
-- @param headers to add, or nil
function _M.refuse(status, code, detail, headers)
  local out = ngx.header
  for name, value in pairs(headers or {}) do
    out[name] = value
  end
  if (ngx.var.content_type or ""):sub(1, 16) == "application/grpc" then
    ngx.status = 200
    out["Content-Type"] = "application/grpc"
    out["grpc-status"] = GRPC[status] or 13
    out["grpc-message"] = percent(code .. ": " .. detail)
    ngx.send_headers()
    return ngx.exit(200)
  end
  local body
  if _M.speaks_openai(ngx.var.uri) then
    out["Content-Type"] = "application/json"
    local kind = status == 401 and "authentication_error" or status < 500 and "invalid_request_error" or "api_error"
    body = cjson.encode({ error = { message = detail, type = kind, code = code, param = cjson.null } })
  else
    out["Content-Type"] = "application/problem+json"
    body = _M.body(status, code, detail)
  end
  out["Cache-Control"] = "no-store"
  out["Content-Length"] = #body
  ngx.status = status
  if ngx.req.get_method() ~= "HEAD" then
    ngx.print(body)
  end
  return ngx.exit(status)
end

--- Code and words of what nginx itself refuses.
_M.OWN = {
  [400] = { 400, "BAD_REQUEST", "The request is not well-formed." },
  [404] = { 404, "NOT_FOUND", "There is nothing at this path." },
  [405] = { 405, "METHOD_NOT_ALLOWED", "The method is not allowed here." },
  [408] = { 408, "REQUEST_TIMEOUT", "The request did not arrive in time." },
  [411] = { 411, "LENGTH_REQUIRED", "The request must say how long it is." },
  [413] = { 413, "BODY_TOO_LARGE", "The body is larger than this edge takes." },
  [414] = { 414, "URI_TOO_LONG", "The path is longer than this edge takes." },
  [416] = { 416, "RANGE_NOT_SATISFIABLE", "There is nothing in this range." },
  [431] = { 431, "HEADERS_TOO_LARGE", "The headers are larger than this edge takes." },
  [495] = { 400, "BAD_CERTIFICATE", "The client's certificate is not good." },
  [496] = { 400, "CERTIFICATE_REQUIRED", "A client's certificate is required." },
  [497] = { 400, "HTTPS_REQUIRED", "This port speaks HTTPS." },
  [500] = { 500, "EDGE_FAILED", "The edge failed; its log says why." },
  [501] = { 501, "NOT_IMPLEMENTED", "The edge cannot do that." },
  [502] = { 502, "UPSTREAM_FAILED", "The instance broke off before it answered." },
  [503] = { 503, "UNAVAILABLE", "Not now." },
  [504] = { 504, "UPSTREAM_TIMEOUT", "The instance did not answer in time." },
  [505] = { 400, "BAD_REQUEST", "The request is not well-formed." },
}

return _M
