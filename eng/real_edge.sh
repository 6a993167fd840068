# The edge of `./run --real`, and the Redis it counts in. Sourced by run, whose functions it uses.

EDGE_PACKAGES=(nginx libnginx-mod-http-lua lua-resty-core lua-resty-lrucache lua-cjson lua-nginx-redis redis-server)

random_secret() { head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n'; }

# Gateway, services and edge must share their secrets: what nobody set is made up before any of them starts.
prepare_edge() {
  if [ -z "$jwt_secret" ] && [ -z "${Auth__JwksFile:-}" ]; then jwt_secret=$(random_secret); fi
  if ! compgen -e | grep -q '^Lanes__Keys__'; then export Lanes__Keys__run=$(random_secret); fi
}

# start_edge GATEWAY_URL: prints EDGE once it has a list.
start_edge() {
  local gateway=$1 redis edge_port=${Edge__Port:-8081} i answer
  (exec 3<>"/dev/tcp/127.0.0.1/$edge_port") 2>/dev/null && edge_port=$(free_port)
  redis=$(free_port)
  mkdir -p "$data/redis"
  start redis redis-server --port "$redis" --bind 127.0.0.1 --save '' --appendonly no --dir "$data/redis"
  export Edge__Port=$edge_port Edge__Gateways=$gateway Edge__Redis=127.0.0.1:$redis
  start edge openresty/edge "$data/edge"
  for ((i = 0; i < 600; i++)); do
    if exec 3<>"/dev/tcp/127.0.0.1/$edge_port"; then
      printf 'GET /readyz HTTP/1.0\r\n\r\n' >&3
      IFS= read -r answer <&3 || true
      exec 3>&-
      case "$answer" in *' 200 '*) echo "EDGE http://127.0.0.1:$edge_port"; return 0 ;; esac
    fi 2>/dev/null
    alive edge || break
    sleep 0.05
  done
  say 'edge did not start:'
  tail -n 30 "$data/logs/edge.log" >&2
  return 1
}
