-- Users and the gateway of g1 to g4 that owns each.
return {
  ["demo"] = "g1",
  ["alice"] = "g4",
  ["bob"] = "g1",
  ["carol"] = "g1",
  ["dave"] = "g1",
  ["user-7"] = "g3",
  ["用户"] = "g2",
  [""] = "g2",
  ["a b"] = "g4",
}
