# Shared by ./run, ./test and ./bench. Source it from the root of the project.
set -euo pipefail

export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
export MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_USE_MSBUILD_SERVER=0

CONFIGURATION=Release
MSBUILD_ARGS=()

say() { printf '%s\n' "$*" >&2; }
die() { say "error: $*"; exit 2; }

# Does the orleans engine restore here? Sets ENGINE_WHY to the reason in a few words.
orleans_restores() {
  local log
  if log=$(dotnet restore eng/EngineProbe/EngineProbe.csproj -p:FairwayEngine=orleans "${MSBUILD_ARGS[@]}" 2>&1); then
    ENGINE_WHY='the Microsoft.Orleans packages restore'
    return 0
  fi
  local missing
  missing=$(grep -oE "Microsoft\.Orleans\.[A-Za-z.]+" <<<"$log" | sort -u | head -n 1 || true)
  missing=${missing%.}
  ENGINE_WHY="${missing:-a Microsoft.Orleans package} does not restore"
  return 1
}

check_engine_name() {
  case "$1" in
    local | orleans) ;;
    *) die "'$1' is no engine; --engine takes local or orleans" ;;
  esac
}

# build ENGINE TARGET: prints the compiler's output only when it fails.
build() {
  local engine=$1 target=$2 log
  log=$(mktemp)
  if ! dotnet build "$target" -c "$CONFIGURATION" -p:FairwayEngine="$engine" -v quiet "${MSBUILD_ARGS[@]}" >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    die "the build of $target for the $engine engine failed"
  fi
  rm -f "$log"
}

# need_packages PACKAGE...: Debian packages, installed as root where missing, else the one command to type.
need_packages() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  if [ "$(id -u)" -ne 0 ]; then
    die "missing Debian packages; install them with: sudo apt-get install -y --no-install-recommends ${missing[*]}"
  fi
  say "installing Debian packages: ${missing[*]}"
  # The packages' services must not start: tests and ./run start their own on free ports.
  local policy=/usr/sbin/policy-rc.d made=
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy" && made=1
  fi
  local log
  log=$(mktemp)
  if ! { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
    [ -n "$made" ] && rm -f "$policy"
    tail -n 20 "$log" >&2
    rm -f "$log"
    die "could not install: ${missing[*]}"
  fi
  [ -n "$made" ] && rm -f "$policy"
  rm -f "$log"
}
