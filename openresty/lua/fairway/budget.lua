-- Keeps retries from making an overload worse: a request adds a part of a retry, a retry takes a whole one. A worker's own, in
-- the manner of Core/Balancing/RetryBudget.

local max, min = math.max, math.min

--- Retries that can be saved up.
local SAVED = 100

local _M = {}
_M.__index = _M

--- @param share retries for each request
-- @param per_second retries that are always granted
function _M.new(share, per_second)
  local balance = per_second * 10
  return setmetatable({ share = share, per_second = per_second, balance = balance, most = max(SAVED, balance) }, _M)
end

--- A request was made for the first time.
function _M:deposit()
  local balance = self.balance + self.share
  self.balance = balance < self.most and balance or self.most
end

--- Whether one retry may be made; takes it.
function _M:withdraw(now)
  if self.at then
    self.balance = min(self.most, self.balance + max(0, now - self.at) * self.per_second)
  end
  self.at = now
  if self.balance < 1 then
    return false
  end
  self.balance = self.balance - 1
  return true
end

return _M
