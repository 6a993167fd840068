-- SHA-256, HMAC and RSA signatures of the libcrypto that nginx itself is linked with, and base64url.

local ffi = require "ffi"

local byte, sub, gsub, char = string.byte, string.sub, string.gsub, string.char
local ffi_new, ffi_string, cast = ffi.new, ffi.string, ffi.cast

for _, declaration in ipairs({
  "unsigned char *SHA256(const unsigned char *data, size_t count, unsigned char *digest);",
  "typedef struct evp_md_st EVP_MD;",
  "typedef struct evp_pkey_st EVP_PKEY;",
  "typedef struct evp_md_ctx_st EVP_MD_CTX;",
  "typedef struct evp_pkey_ctx_st EVP_PKEY_CTX;",
  "const EVP_MD *EVP_sha256(void);",
  "unsigned char *HMAC(const EVP_MD *md, const void *key, int key_len, const unsigned char *data, size_t count, unsigned char *out, unsigned int *out_len);",
  "EVP_PKEY *d2i_PUBKEY(EVP_PKEY **key, const unsigned char **in, long length);",
  "void EVP_PKEY_free(EVP_PKEY *key);",
  "EVP_MD_CTX *EVP_MD_CTX_new(void);",
  "void EVP_MD_CTX_free(EVP_MD_CTX *ctx);",
  "int EVP_DigestVerifyInit(EVP_MD_CTX *ctx, EVP_PKEY_CTX **pctx, const EVP_MD *type, void *engine, EVP_PKEY *key);",
  "int EVP_DigestVerify(EVP_MD_CTX *ctx, const unsigned char *sig, size_t sig_len, const unsigned char *data, size_t count);",
  "void ERR_clear_error(void);",
}) do
  pcall(ffi.cdef, declaration) -- another module may have declared it already
end

-- In nginx the library is in the process; elsewhere (tests) it is loaded.
local function library()
  for _, open in ipairs({
    function() return ffi.C end,
    function() return ffi.load("libcrypto.so.3") end,
    function() return ffi.load("libcrypto.so.1.1") end,
    function() return ffi.load("crypto") end,
  }) do
    local ok, found = pcall(function()
      local opened = open()
      return opened.SHA256 and opened.EVP_sha256 and opened.HMAC and opened
    end)
    if ok and found then
      return found
    end
  end
  error("libcrypto is not in this process")
end

local C = library()
local digest = ffi_new("unsigned char[64]")
local length = ffi_new("unsigned int[1]")

local _M = {}

--- The 32 bytes of SHA-256.
function _M.sha256(text)
  C.SHA256(text, #text, digest)
  return ffi_string(digest, 32)
end

--- The 32 bytes of HMAC-SHA256.
function _M.hmac(key, text)
  C.HMAC(C.EVP_sha256(), key, #key, text, #text, digest, length)
  return ffi_string(digest, 32)
end

--- The nth big-endian 32-bit word of a text, from 1.
function _M.word(text, n)
  local a, b, c, d = byte(text, n * 4 - 3, n * 4)
  return ((a * 256 + b) * 256 + c) * 256 + d
end

--- Compares in a time that does not tell where two texts differ.
function _M.equal(a, b)
  if #a ~= #b then
    return false
  end
  local difference = 0
  for i = 1, #a do
    if byte(a, i) ~= byte(b, i) then
      difference = difference + 1
    end
  end
  return difference == 0
end

local ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
local VALUES = {}
for i = 1, 64 do
  VALUES[byte(ALPHABET, i)] = i - 1
end

--- base64url without padding (RFC 4648, 5).
function _M.encode64(text)
  local out = {}
  for i = 1, #text, 3 do
    local a, b, c = byte(text, i, i + 2)
    local word = a * 65536 + (b or 0) * 256 + (c or 0)
    local p = (word - word % 262144) / 262144
    local q = (word % 262144 - word % 4096) / 4096
    local r = (word % 4096 - word % 64) / 64
    local s = word % 64
    out[#out + 1] = sub(ALPHABET, p + 1, p + 1) .. sub(ALPHABET, q + 1, q + 1)
      .. (b and sub(ALPHABET, r + 1, r + 1) or "") .. (c and sub(ALPHABET, s + 1, s + 1) or "")
  end
  return table.concat(out)
end

--- Reads base64url; padding is let pass.
-- @return bytes, or nil
function _M.decode64(text)
  text = gsub(text, "=+$", "")
  if #text % 4 == 1 then
    return nil
  end
  local out = {}
  for i = 1, #text, 4 do
    local a, b, c, d = byte(text, i, i + 3)
    a, b = VALUES[a], VALUES[b]
    local third, fourth = c and VALUES[c], d and VALUES[d]
    if not a or not b or (c and not third) or (d and not fourth) then
      return nil
    end
    local word = ((a * 64 + b) * 64 + (third or 0)) * 64 + (fourth or 0)
    out[#out + 1] = char((word - word % 65536) / 65536)
    if c then
      out[#out + 1] = char((word % 65536 - word % 256) / 256)
    end
    if d then
      out[#out + 1] = char(word % 256)
    end
  end
  return table.concat(out)
end

-- DER: a tag, a length, the content.
local function der(tag, content)
  local size = #content
  local head
  if size < 128 then
    head = char(size)
  else
    local bytes = ""
    while size > 0 do
      bytes = char(size % 256) .. bytes
      size = (size - size % 256) / 256
    end
    head = char(128 + #bytes) .. bytes
  end
  return char(tag) .. head .. content
end

local function der_integer(bytes)
  bytes = gsub(bytes, "^%z+", "")
  if bytes == "" or byte(bytes) >= 128 then
    bytes = "\0" .. bytes
  end
  return der(0x02, bytes)
end

local RSA_ENCRYPTION = der(0x30, "\6\9\42\134\72\134\247\13\1\1\1" .. "\5\0")

--- An RSA public key of its modulus and exponent, big-endian bytes.
-- @return a key for `verify`, or nil
function _M.rsa(modulus, exponent)
  local numbers = der(0x30, der_integer(modulus) .. der_integer(exponent))
  local info = der(0x30, RSA_ENCRYPTION .. der(0x03, "\0" .. numbers))
  local at = ffi_new("const unsigned char *[1]")
  at[0] = cast("const unsigned char *", info)
  local key = C.d2i_PUBKEY(nil, at, #info)
  if key == nil then
    C.ERR_clear_error()
    return nil
  end
  return ffi.gc(key, C.EVP_PKEY_free)
end

--- Whether a text is signed so: RSASSA-PKCS1-v1_5 with SHA-256 (RS256).
function _M.verify(key, text, signature)
  local ctx = C.EVP_MD_CTX_new()
  if ctx == nil then
    return false
  end
  local good = C.EVP_DigestVerifyInit(ctx, nil, C.EVP_sha256(), nil, key) == 1
    and C.EVP_DigestVerify(ctx, signature, #signature, text, #text) == 1
  C.EVP_MD_CTX_free(ctx)
  if not good then
    C.ERR_clear_error()
  end
  return good
end

return _M
