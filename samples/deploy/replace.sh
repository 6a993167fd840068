#!/usr/bin/env bash
# replace.sh SERVICE ID COMMAND...: replaces one instance, and no request fails.
#
# 1. Takes its address offline: no router picks it and no consumer of it takes a message from then on.
# 2. Waits until it has no request left, at most DRAIN_SECONDS (60).
# 3. Runs COMMAND, which stops the old process (SIGTERM: the Sdk ends what it holds and deregisters) and starts the new one under the same ID,
#    on the same address or another. It finds SERVICE, ID and ADDRESS in its environment.
# 4. Waits until the new one is registered and reports load, at most START_SECONDS (120).
# 5. Puts the address back and waits until it is routed to.
# Where a step fails the address stays offline, and the script ends with 1: nobody is sent to what is not known to work.
#
# FAIRWAY_GATEWAY (http://127.0.0.1:8080), FAIRWAY_ADMIN_KEY, LANE where the instance is not base, AUTHOR (the user).
set -euo pipefail

[ $# -ge 3 ] || { sed -n '2s/^# //p' "$0" >&2; exit 2; }
export SERVICE=$1 ID=$2
shift 2
gateway=${FAIRWAY_GATEWAY:-http://127.0.0.1:8080}
author=${AUTHOR:-$(id -un)}

say() { echo "replace $SERVICE/$ID: $1" >&2; }
call() { curl -fsS -H "x-admin-key: ${FAIRWAY_ADMIN_KEY:-}" "$@"; }

# The instance's entry on its list; nothing where it has none.
entry() { { curl -fsS "$gateway/v1/services/$SERVICE/best?all=true${LANE:+&lane=$LANE}" 2>/dev/null || true; } | grep -o "{[^{}]*\"id\":\"$ID\"[^{}]*}" || true; }
field() { sed -n "s/.*\"$1\":\"\{0,1\}\([^,\"}]*\).*/\1/p"; }

# until_so SECONDS WHAT COMMAND...
until_so() {
  local deadline=$((SECONDS + $1)) what=$2
  shift 2
  until "$@"; do
    [ $SECONDS -lt $deadline ] || { say "$what: not in time"; return 1; }
    sleep 0.25
  done
}

is_idle() {
  case "$(entry | field inFlight)" in '' | null | 0) return 0 ;; *) return 1 ;; esac
}

# Registered, and heard of within the last two seconds: so by the new process, as the old one has ended.
reports() {
  local age
  age=$(entry | field ageMs)
  [[ $age =~ ^[0-9]+$ ]] && [ "$age" -lt 2000 ]
}

is_routed() {
  case "$(entry | field state)" in ready | warming) return 0 ;; *) return 1 ;; esac
}

ADDRESS=$(entry | field address)
[ -n "$ADDRESS" ] || { say "not registered"; exit 1; }
export ADDRESS

say "taking $ADDRESS offline"
call -X PUT "$gateway/v1/offline/$ADDRESS" -d "{\"author\":\"$author\",\"reason\":\"replaced by a script\"}" >/dev/null
sleep 1 # those who picked it before have sent their requests by now, and it has counted them
until_so "${DRAIN_SECONDS:-60}" "it has no request left" is_idle

say "replacing it"
"$@"

say "waiting for the new one"
until_so "${START_SECONDS:-120}" "the new one reports" reports
call -X DELETE "$gateway/v1/offline/$ADDRESS" >/dev/null
until_so 30 "it is routed to" is_routed
say "done"
