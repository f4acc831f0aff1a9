-- A random token in each request; ends with one line of JSON. What is sent comes from the environment.
local secrets = {}
for line in io.lines(os.getenv("BENCH_SECRETS")) do secrets[#secrets + 1] = line end
math.randomseed(tonumber(os.getenv("BENCH_SEED")))

local scheme, method, form = os.getenv("BENCH_SCHEME"), os.getenv("BENCH_METHOD"), os.getenv("BENCH_FORM")
local caller = os.getenv("BENCH_CALLER")

request = function()
  local secret = secrets[math.random(#secrets)]
  local headers = { ["User-Agent"] = "bench/1" }
  if method == "GET" then
    headers["Authorization"] = scheme .. " " .. secret
    return wrk.format("GET", nil, headers)
  end
  headers["Authorization"] = scheme .. " " .. caller
  headers["Content-Type"] = "application/x-www-form-urlencoded"
  return wrk.format("POST", nil, headers, form .. secret)
end

done = function(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests": %d, "seconds": %.6f, "p50_ms": %.4f, "p99_ms": %.4f, "refused": %d, "failed": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
