#!/usr/bin/env bash
# Shared by all scripts here: progress messages, running commands as root, apt, the cache folder, static
# builds and image labels. Sourced, never run. Progress goes to stderr, so that stdout can carry a
# result.
# shellcheck disable=SC2034 # its variables are used where it is sourced
# shellcheck disable=SC2016 # '$(ORIGIN)' and the like are apt's own fields
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
SETUP=$ROOT/deploy/setup
TARGET=${CARGO_TARGET_DIR:-$ROOT/target}

# Downloads are kept apart from the data folder: deleting data must not cost a download, and tests
# share them with `make up`. Embedded Postgres runs from here as uid 65534, so all users may enter.
if [ -z "${MOSAIC_CACHE:-}" ]; then
  if [ "$(id -u)" = 0 ]; then MOSAIC_CACHE=/var/cache/mosaic; else MOSAIC_CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/mosaic; fi
fi
export MOSAIC_CACHE
if [ -z "${DATA:-}" ]; then
  if [ "$(id -u)" = 0 ]; then DATA=/var/lib/mosaic; else DATA=$HOME/.local/share/mosaic; fi
fi
DATA=$(realpath -m "$DATA")
LISTEN=${LISTEN:-127.0.0.1:8080}

say() { printf '%s\n' "$*" >&2; }
die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

make_cache() { mkdir -p "$MOSAIC_CACHE" && chmod a+rx "$MOSAIC_CACHE"; }

# one_at_a_time NAME: waits while another run of ours does the same. Held until this script ends.
one_at_a_time() {
  make_cache
  exec 9>"$MOSAIC_CACHE/$1.lock"
  flock -n 9 || { say "    waiting for another run that prepares the same: $1" && flock 9; }
}

# step WHAT COMMAND…: one line when it starts, a progress line every 20 s, one line with the time it
# took. The command's output goes to a log and is shown only when it fails.
step() {
  local what=$1 log began=$SECONDS owner=$BASHPID rc=0 life
  shift
  log=$(mktemp "${TMPDIR:-/tmp}/mosaic-step.XXXXXX")
  say "==> $what"
  (
    trap 'kill "$!"; exit' TERM
    while sleep 20 & wait "$!" && kill -0 "$owner" 2>/dev/null; do
      say "    … $((SECONDS - began)) s: $(last_line "$log")"
    done
  ) &
  life=$!
  # In an `if` or before `||` the command would lose `set -e`, so it gets a subshell of its own.
  set +e
  (set -e && "$@") >"$log" 2>&1 </dev/null
  rc=$?
  set -e
  kill "$life" 2>/dev/null || true
  wait "$life" 2>/dev/null || true
  if [ "$rc" != 0 ]; then
    tail -n 40 "$log" | sed 's/^/    | /' >&2
    die "failed (exit $rc): $what; all of it: $log"
  fi
  rm -f "$log"
  say "    done in $((SECONDS - began)) s"
}

last_line() { tail -n 20 "$1" | sed 's/\x1b\[[0-9;]*m//g; s/\r//g' | grep . | tail -n 1 | cut -c 1-110 || true; }

# beside WHAT COMMAND…: starts a command whose output is kept until `join` waits for it and shows it.
# One at a time: two cores can handle no more, and the output stays readable.
beside() {
  BESIDE_WHAT=$1
  shift
  BESIDE_LOG=$(mktemp "${TMPDIR:-/tmp}/mosaic-beside.XXXXXX")
  "$@" >"$BESIDE_LOG" 2>&1 </dev/null &
  BESIDE=$!
  (sleep 1 && kill -0 "$BESIDE" 2>/dev/null && say "==> beside what follows: $BESIDE_WHAT") &
  at_exit "kill_tree $BESIDE"
}
join() {
  local rc=0
  kill -0 "$BESIDE" 2>/dev/null && say "==> waiting for: $BESIDE_WHAT"
  wait "$BESIDE" || rc=$?
  sed "s/^/    [beside] /" "$BESIDE_LOG" >&2
  rm -f "$BESIDE_LOG"
  [ "$rc" = 0 ] || die "failed (exit $rc): $BESIDE_WHAT"
}

# kill_tree PID: kills a process and all that it started, and nothing else.
kill_tree() {
  local child
  for child in $(pgrep -P "$1"); do kill_tree "$child"; done
  kill "$1" 2>/dev/null || true
}

quietly() { "$@" >/dev/null; } # progress is still shown, because it goes to stderr

# at_exit COMMAND: the newest first.
AT_EXIT=:
at_exit() {
  AT_EXIT="$1; $AT_EXIT"
  trap 'eval "$AT_EXIT"' EXIT
}

# as_root COMMAND…: runs it as root, with sudo where needed, or says what to do by hand.
as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "this needs root and sudo is not installed; run as root: $*"
  fi
}

have_packages() { [ "$(dpkg-query -W -f '${db:Status-Status}\n' "$@" 2>/dev/null | grep -cx installed)" = $# ]; }

# apt_install PACKAGE…: silent when all are installed; APT_RECOMMENDS=1 includes recommended ones.
apt_install() {
  have_packages "$@" && return
  command -v apt-get >/dev/null || die "no apt here: install by this system's own means: $*"
  as_root true # sudo asks for the password now, where it can be seen
  step "apt: installing $*" apt_fetch "$@"
}
apt_fetch() {
  local get=(env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300) install
  install=("${get[@]}" install)
  [ "${APT_RECOMMENDS:-0}" = 1 ] || install+=(--no-install-recommends)
  # The existing package lists are usually good enough, which saves the update.
  as_root "${install[@]}" "$@" || { as_root "${get[@]}" update && as_root "${install[@]}" "$@"; }
}

# debian_mirror: the mirror that this machine's own apt uses (this tree names none).
debian_mirror() {
  local found
  found=$(apt-get indextargets --format '$(ORIGIN) $(LABEL) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
    awk '$1 == "Debian" && $2 == "Debian" && $3 == "main" && !n++ { print $4 }')
  [ -n "$found" ] || die "apt on this machine knows no Debian mirror (run 'apt-get update', or add a Debian source)"
  printf '%s\n' "$found"
}

# running: the pid of the Mosaic that `make up` started on this data folder. After a restart of the
# machine an old pid may belong to another process, so the command line is checked too.
running() {
  local pid
  pid=$(cat "$DATA/mosaic.pid" 2>/dev/null) || return 1
  grep -zqxF -e "$DATA" "/proc/$pid/cmdline" 2>/dev/null && echo "$pid"
}

# clean_docker: removes what has the label of this test run, $MOSAIC_TEST_RUN.
clean_docker() {
  local mine=label=mosaic.test=$MOSAIC_TEST_RUN
  docker ps -aq --filter "$mine" | xargs -r docker rm -f -v
  docker network ls -q --filter "$mine" | xargs -r docker network rm
  docker volume ls -q --filter "$mine" | xargs -r docker volume rm
}

# static_build PACKAGE…: static binaries, so that one file runs in any image. RUSTFLAGS touches only
# what is built for the named target, so build scripts and proc-macros stay as they are.
STATIC_TARGET=x86_64-unknown-linux-gnu
STATIC_BIN=$TARGET/$STATIC_TARGET/release
static_build() {
  local args=() package
  for package; do args+=(-p "$package"); done
  [ -x "$STATIC_BIN/${!#}" ] || say "==> cargo: static release build of $* (runs inside the images)"
  (cd "$ROOT" && RUSTFLAGS='-C target-feature=+crt-static' cargo build --quiet --locked --release --target "$STATIC_TARGET" "${args[@]}")
}

# inputs_of FOLDER: 12 hex digits over the names and contents of all files of a build context.
inputs_of() { (cd "$1" && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -c 1-12); }

# unless_made FOLDER INPUTS WHAT COMMAND…: runs COMMAND as a step to fill FOLDER, unless it was made from the same
# inputs. The stamp is written last, so that an interrupted run is done again.
unless_made() {
  local folder=$1 inputs=$2
  shift 2
  [ "$(cat "$folder/.made-from" 2>/dev/null)" != "$inputs" ] || return 0
  step "$@"
  echo "$inputs" >"$folder/.made-from"
}

# image_made_from IMAGE HASH: whether the image exists and was made from these inputs.
image_made_from() { [ "$(docker image inspect -f '{{index .Config.Labels "mosaic.inputs"}}' "$1" 2>/dev/null)" = "$2" ]; }
