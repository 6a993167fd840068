std = "luajit+ngx_lua"
max_line_length = 160
files["openresty/spec"] = { std = "+busted", globals = { "ngx" } }
