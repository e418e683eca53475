-- SPDX-License-Identifier: BSD-3-Clause
-- One pass of tshark over a capture for many display filters: a tap for each line of the file that FILTERS names. Prints
-- "count<TAB>frame numbers<TAB>filter", or "error<TAB>words<TAB>filter". Run by make_truth and by the live test.
local taps = {}
local function ask(line)
  local one = {filter = line, frames = {}}
  local fine, tap = pcall(Listener.new, "frame", line)
  if fine then
    tap.packet = function(pinfo) one.frames[#one.frames + 1] = pinfo.number end
  else
    one.fault = tostring(tap):gsub("%s+", " ")
  end
  taps[#taps + 1] = one
end
for line in io.lines(os.getenv("FILTERS")) do
  if line:sub(1, 1) ~= "#" then ask(line) end
end
local last = Listener.new("frame")
function last.draw()
  for _, one in ipairs(taps) do
    if one.fault then
      print("error\t" .. one.fault .. "\t" .. one.filter)
    else
      print(#one.frames .. "\t" .. table.concat(one.frames, " ") .. "\t" .. one.filter)
    end
  end
end
