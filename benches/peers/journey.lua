-- The same five exchanges as journey.toml, prepared beforehand: wrk reads no answers.
local auth = { ["Authorization"] = "Bearer 0123456789abcdef0123456789abcdef", ["Content-Type"] = "application/json" }
local json = { ["Content-Type"] = "application/json" }
local requests, turn = {}, 0

function init()
  requests = {
    wrk.format("POST", "/api/sessions", json, '{"email":"c7@shop.example","password":"secret-7"}'),
    wrk.format("GET", "/api/products?page=3", auth),
    wrk.format("GET", "/api/products/7", auth),
    wrk.format("POST", "/api/orders", auth, '{"items":[{"product":7,"quantity":2}]}'),
    wrk.format("GET", "/api/orders/4711", auth),
  }
end

function request()
  turn = turn % 5 + 1
  return requests[turn]
end
