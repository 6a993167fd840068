# RabbitMQ and PostgreSQL for ./run --real, PostgreSQL for ./run --cluster, from Debian's packages, with everything they write under the data folder. Sourced by ./run,
# whose start, line, free_port and data it uses.

RABBITMQ=/usr/lib/rabbitmq/bin/rabbitmq-server
DATABASE_PACKAGE=postgresql
BROKER_PACKAGES=(rabbitmq-server "$DATABASE_PACKAGE")

# start_rabbitmq: one node on free loopback ports, with a port mapper of its own that ends with this script.
start_rabbitmq() {
  local folder=$data/rabbitmq node epmd distribution
  rabbitmq_port=$(free_port) epmd=$(free_port) distribution=$(free_port)
  mkdir -p "$folder"
  printf 'log.console.level = warning\n' >"$folder/rabbitmq.conf"
  printf '[].\n' >"$folder/plugins"
  # The node's name is part of its data, so it stays the same over starts.
  node=fairway@localhost
  start epmd epmd -port "$epmd" -address 127.0.0.1
  start rabbitmq env HOME="$folder" ERL_EPMD_PORT="$epmd" ERL_EPMD_ADDRESS=127.0.0.1 \
    RABBITMQ_NODENAME="$node" RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 RABBITMQ_NODE_PORT="$rabbitmq_port" RABBITMQ_DIST_PORT="$distribution" \
    RABBITMQ_MNESIA_BASE="$folder/mnesia" RABBITMQ_LOG_BASE="$folder/log" RABBITMQ_LOGS=- RABBITMQ_CONF_ENV_FILE="$folder/none" \
    RABBITMQ_CONFIG_FILE="$folder/rabbitmq.conf" RABBITMQ_ADVANCED_CONFIG_FILE="$folder/none.config" \
    RABBITMQ_GENERATED_CONFIG_DIR="$folder/config" RABBITMQ_ENABLED_PLUGINS_FILE="$folder/plugins" RABBITMQ_PID_FILE="$folder/pid" \
    RABBITMQ_ALLOW_INPUT=1 RABBITMQ_SERVER_START_ARGS=-noinput \
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='+sbwt none +sbwtdcpu none +sbwtdio none -kernel inet_dist_use_interface {127,0,0,1}' \
    "$RABBITMQ"
}

# as_postgres COMMAND...: PostgreSQL refuses to run as root, so root runs it as the user postgres. Where that user cannot reach the data
# folder (one of root's own, say), it is let through by capability rather than by opening somebody's folders.
as_postgres=()
prepare_postgres_account() {
  [ "$(id -u)" -eq 0 ] || return 0
  local change=(setpriv --pdeathsig TERM --reuid=postgres --regid=postgres --init-groups)
  chown postgres: "$1"
  # Asking by test -w would not count capabilities.
  local probe=(-- sh -c ': >"$1/probe" && rm "$1/probe"' sh "$1")
  if ! "${change[@]}" "${probe[@]}" 2>/dev/null; then
    change+=(--inh-caps=+dac_override --ambient-caps=+dac_override)
    "${change[@]}" "${probe[@]}" 2>/dev/null || die "the user postgres cannot reach $1; choose another --data folder"
  fi
  as_postgres=("${change[@]}" --)
}

# start_postgres: one server on a free loopback port, for the user fairway with a password made up at the first start.
start_postgres() {
  local folder=$data/postgres programs version secret
  version=$(ls /usr/lib/postgresql | sort -V | tail -n 1)
  programs=/usr/lib/postgresql/$version/bin
  postgres_port=$(free_port)
  mkdir -p "$folder" && chmod 700 "$folder"
  prepare_postgres_account "$folder"
  secret=$data/postgres.secret
  [ -f "$secret" ] || (umask 077 && head -c 24 /dev/urandom | base64 | tr -d '/+=\n' >"$secret")
  if [ ! -f "$folder/cluster/PG_VERSION" ]; then
    # A file of that user's own: what root has open as standard input it may not open again.
    cp "$secret" "$folder/secret"
    [ ${#as_postgres[@]} -eq 0 ] || chown postgres: "$folder/secret"
    (cd / && "${as_postgres[@]}" "$programs/initdb" -D "$folder/cluster" -U fairway -E UTF8 --locale=C --no-sync --auth=scram-sha-256 --pwfile="$folder/secret") \
      >"$data/logs/initdb.log" 2>&1 || { cat "$data/logs/initdb.log" >&2; die 'initdb failed'; }
    rm "$folder/secret"
  fi
  stop_signal[postgres]=INT # ends sessions; TERM would wait for them
  start postgres env -C / "${as_postgres[@]}" "$programs/postgres" -D "$folder/cluster" -p "$postgres_port" \
    -c listen_addresses=127.0.0.1 -c unix_socket_directories=
  postgres_ready=("$programs/pg_isready" -q -h 127.0.0.1 -p "$postgres_port")
}

# answers NAME COMMAND...: waits until the command succeeds, or fails with the log of the process NAME.
answers() {
  local name=$1 i
  shift
  for ((i = 0; i < 1200; i++)); do
    if "$@" 2>/dev/null; then return 0; fi
    alive "$name" || break
    sleep 0.1
  done
  say "$name did not start:"
  tail -n 30 "$data/logs/$name.log" >&2
  return 1
}

# A node that is up answers the greeting of AMQP 0-9-1 with a method frame, whose first byte is 1.
takes_amqp() (
  exec 3<>"/dev/tcp/127.0.0.1/$rabbitmq_port" || exit 1
  printf 'AMQP\0\0\11\1' >&3
  IFS= read -r -n 1 -t 2 first <&3 && [ "$first" = $'\1' ]
)

# name_database: tells all processes that are started from now on where PostgreSQL is.
name_database() {
  export History__Postgres__ConnectionString="Host=127.0.0.1;Port=$postgres_port;Username=fairway;Password=$(cat "$data/postgres.secret");Database=postgres"
  echo "POSTGRES 127.0.0.1:$postgres_port"
}

# start_database: PostgreSQL alone.
start_database() {
  start_postgres
  answers postgres "${postgres_ready[@]}" || return 1
  name_database
}

# start_brokers: both at once, then tells the Gateway where they are.
start_brokers() {
  start_rabbitmq
  start_postgres
  answers postgres "${postgres_ready[@]}" || exit 1
  answers rabbitmq takes_amqp || exit 1
  export Jobs__RabbitMq__Uri="amqp://guest:guest@127.0.0.1:$rabbitmq_port/"
  export Fairway__RabbitMq__Uri=$Jobs__RabbitMq__Uri
  echo "RABBITMQ 127.0.0.1:$rabbitmq_port"
  name_database
}
