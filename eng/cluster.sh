# ./run --cluster N: silos and Gateways as processes of one cluster, each started again when it ends by itself. Sourced by ./run, whose
# start, line, alive, data and dll it uses.

declare -A member_command=() member_restarts=()

# check_cluster: says why there can be none, before anything is built.
check_cluster() {
  [[ $cluster =~ ^[1-9][0-9]?$ ]] || die "--cluster takes a number of silos, 1 to 99"
  [ "$engine" = orleans ] || die "ENGINE_IS_LOCAL: --cluster needs the engine 'orleans'; here it is 'local'${ENGINE_WHY:+ ($ENGINE_WHY)}"
  need_packages etcd-server "$DATABASE_PACKAGE"
}

# secret BYTES: so many random bytes in hex.
secret() { head -c "$1" /dev/urandom | od -An -tx1 | tr -d ' \n'; }

# share_secrets: what all Gateways must have alike, made up where nobody gave it.
share_secrets() {
  if [ -z "$admin_key" ]; then
    admin_key=$(secret 16)
    echo "ADMIN $admin_key"
  fi
  [ -n "$jwt_secret" ] || jwt_secret=$(secret 32)
}

# member NAME COMMAND...: starts it, and remembers how.
member() {
  local name=$1
  shift
  member_command[$name]=$(printf '%q ' "$@")
  member_restarts[$name]=0
  start "$name" "$@"
}

# share_database: PostgreSQL, so that what users have asked and been answered is no silo's own; unless --real or the environment named one.
share_database() {
  if [ -z "$real" ] && [ -z "${History__Postgres__ConnectionString:-}" ]; then start_database || exit 1; fi
}

# start_silos: the first one ahead of the others so that it holds the registry's grain.
start_silos() {
  local i
  for ((i = 1; i <= cluster; i++)); do
    member "silo-$i" dotnet "$(dll Silo)" --port 0 --etcd "$etcd" --name "silo-$i"
    [ "$i" -gt 1 ] || tell_silo silo-1 || exit 1
  done
  for ((i = 2; i <= cluster; i++)); do tell_silo "silo-$i" || exit 1; done
}

# tell_silo NAME: waits for it, and prints where its health, figures and dashboard are.
tell_silo() {
  local ready
  ready=$(line "$1" 'READY ') || return 1
  echo "SILO $1 ${ready#READY }"
}

# watch_cluster: the supervisor. A silo that was frozen, declared dead and let go ends itself; it comes back as a new one.
watch_cluster() {
  local name i
  while :; do
    for name in "${!member_command[@]}"; do
      alive "$name" && continue
      member_restarts[$name]=$((member_restarts[$name] + 1))
      say "$name ended; starting it again (${member_restarts[$name]})"
      for i in "${!names[@]}"; do
        if [ "${names[i]}" = "$name" ]; then unset 'names[i]' 'pids[i]'; fi
      done
      names=("${names[@]}") pids=("${pids[@]}")
      mv -f "$data/logs/$name.log" "$data/logs/$name.before.log"
      eval "start $name ${member_command[$name]}"
    done
    sleep 1 &
    wait $! || true
  done
}
