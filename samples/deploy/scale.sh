#!/usr/bin/env bash
# scale.sh SERVICE VERSION LANE COUNT STOP: an executor of releases for the samples of ./run --real, as Releases:Command calls it.
# Sees to it that COUNT sample Backends of SERVICE run in LANE, and that those named in STOP (ids with commas) do not. An empty LANE is base:
# there it stops STOP, or starts again what it stopped before when STOP is empty.
# Needs FAIRWAY_ETCD, FAIRWAY_BACKEND (the program's dll) and FAIRWAY_PROCESSES, a folder with a file a process that holds its pid.
set -euo pipefail
service=$1 version=$2 lane=$3 count=$4 stop=$5
folder=$FAIRWAY_PROCESSES
case "$service" in orders | payments) ;; *) exit 0 ;; esac # others are started by whoever has them
mkdir -p "$folder/pids" "$folder/logs"

alive() { [ -f "$folder/pids/$1" ] && kill -0 "$(cat "$folder/pids/$1")" 2>/dev/null; }

start_one() {
  alive "$1" && return
  Backend__Topic=${FAIRWAY_TOPIC:-} Fairway__Version=$version COLORING_ENV=$lane setsid dotnet "$FAIRWAY_BACKEND" --service "$service" --id "$1" --latency-ms 20 --self-rps 5 \
    >"$folder/logs/$1.log" 2>&1 </dev/null &
  echo $! >"$folder/pids/$1"
}

# The Sdk leaves by itself: it says that it drains, ends what it holds, and deregisters.
stop_one() {
  if alive "$1"; then kill -TERM "$(cat "$folder/pids/$1")"; fi
}

if [ -n "$lane" ]; then
  for ((i = 1; i <= count; i++)); do start_one "$lane-$i"; done
  while alive "$lane-$i"; do stop_one "$lane-$i"; i=$((i + 1)); done
elif [ -n "$stop" ]; then
  for id in ${stop//,/ }; do
    stop_one "$id"
    grep -qxs "$id" "$folder/stopped.$service" || echo "$id" >>"$folder/stopped.$service"
  done
elif [ -f "$folder/stopped.$service" ]; then
  while read -r id; do start_one "$id"; done <"$folder/stopped.$service"
  rm "$folder/stopped.$service"
fi
