-- With RANGE_OF set to a file's size, each request asks for 1,000 bytes at a random place of it.
-- At the end one line of JSON says what was seen.

local size = tonumber(os.getenv('RANGE_OF'))

if size then
  local requests = {}
  local at = 0

  init = function()
    math.randomseed(42)
    for i = 1, 4096 do
      local first = math.random(0, size - 1000)
      wrk.headers['Range'] = 'bytes=' .. first .. '-' .. (first + 999)
      requests[i] = wrk.format()
    end
  end

  request = function()
    at = at % 4096 + 1
    return requests[at]
  end
end

done = function(summary)
  local e = summary.errors
  io.write(string.format('\n{"requests":%d,"micros":%d,"bad":%d}\n', summary.requests,
    summary.duration, e.connect + e.read + e.write + e.status))
end
