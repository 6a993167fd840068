-- The last few answers that said what their instance has in flight, one an instance, in the order they came. Requests follow
-- them, so that who is slow to answer gets few. As Core/Balancing/RecentAnswers.

local remove = table.remove

local _M = {}

--- How many are remembered, and for how long, seconds.
local CAPACITY, AGE = 16, 0.5

--- Adds one; it replaces an older one of the same instance, else, where there is no room, the oldest.
function _M.add(answers, node, in_flight, at)
  for i = 1, #answers do
    if answers[i].node == node then
      remove(answers, i)
      break
    end
  end
  if #answers == CAPACITY then
    remove(answers, 1)
  end
  answers[#answers + 1] = { node = node, in_flight = in_flight, at = at }
end

local function load_of(answer)
  return (answer.in_flight + 1) / answer.node.weight
end

--- Uses the answer of the instance of least load for its weight, if that is less than another's. It speaks for one request; where
-- the list is so short that all have an answer, it stays with one more in flight.
-- @param drawn the other
-- @return the instance, or nil
function _M.use(list, drawn, call, hooks, now)
  local answers = list.answers
  for i = #answers, 1, -1 do
    if answers[i].at < now - AGE or answers[i].node.weight <= 0 then
      remove(answers, i)
    end
  end
  local least
  for i = 1, #answers do
    if not hooks.excludes(answers[i].node, call) and (not least or load_of(answers[i]) < load_of(answers[least])) then
      least = i
    end
  end
  -- One that never reported stays: there is nothing to compare.
  if least and drawn.reported and load_of(answers[least]) < (drawn.reported + 1) / drawn.weight then
    local answer = answers[least]
    if list.count <= CAPACITY then
      answer.in_flight = answer.in_flight + 1
    else
      remove(answers, least)
    end
    return answer.node
  end
  return nil
end

return _M
