#!/usr/bin/env bash
# What every script here shares: saying what happens, doing things as root, apt, the cache folder,
# and static builds. Sourced, never run. Progress goes to stderr, so that stdout can carry a result.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
SETUP=$ROOT/deploy/setup
DEBIAN_RELEASE=bookworm
STATIC_TARGET=x86_64-unknown-linux-gnu

# Downloads live apart from the data folder: throwing away data must not cost a download, and tests
# share them with `make up`. Embedded Postgres runs from here as uid 65534, so all may enter.
if [ -z "${MOSAIC_CACHE:-}" ]; then
  if [ "$(id -u)" = 0 ]; then MOSAIC_CACHE=/var/cache/mosaic; else MOSAIC_CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/mosaic; fi
fi
export MOSAIC_CACHE

say() { printf '%s\n' "$*" >&2; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

make_cache() { mkdir -p "$MOSAIC_CACHE" && chmod a+rx "$MOSAIC_CACHE"; }

# step WHAT COMMAND…: one line when it starts, a sign of life every 20 s, one line with the time it
# took. The command's output goes to a log and is shown only when it fails.
step() {
  local what=$1 log began=$SECONDS rc=0 life
  shift
  log=$(mktemp "${TMPDIR:-/tmp}/mosaic-step.XXXXXX")
  say "==> $what"
  (while sleep 20; do say "    … $((SECONDS - began)) s: $(tail -n 1 "$log" | tr -d '\r' | cut -c 1-110)"; done) &
  life=$!
  # A function in an `if` or `||` would lose `set -e`, so the command gets a subshell of its own.
  set +e
  (set -e; "$@") >"$log" 2>&1 </dev/null
  rc=$?
  set -e
  kill "$life" 2>/dev/null
  wait "$life" 2>/dev/null || true
  if [ "$rc" != 0 ]; then
    tail -n 40 "$log" | sed 's/^/    | /' >&2
    die "failed (exit $rc): $what; all of it: $log"
  fi
  rm -f "$log"
  say "    done in $((SECONDS - began)) s"
}

# as_root COMMAND…: runs it as root, by sudo where that is needed, or says what to do by hand.
as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "this needs root and sudo is not installed; run as root: $*"
  fi
}

have_packages() { dpkg-query -W -f '${db:Status-Status}\n' "$@" 2>/dev/null | grep -cx installed | grep -qx "$#"; }

# apt_install PACKAGE…: silent when all are there. Recommended packages come along when
# APT_RECOMMENDS=1.
apt_install() {
  have_packages "$@" && return
  command -v apt-get >/dev/null || die "no apt here: install by this system's own means: $*"
  local get=(env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300)
  local install=("${get[@]}" install)
  [ "${APT_RECOMMENDS:-0}" = 1 ] || install+=(--no-install-recommends)
  [ "$(id -u)" = 0 ] || as_root true # asks for the password now, where it can be seen
  # A package list that is there may be good enough, and saves the update; an old one is refreshed.
  apt_try() { as_root "${install[@]}" "$@" || { as_root "${get[@]}" update && as_root "${install[@]}" "$@"; }; }
  step "apt: installing $*" apt_try "$@"
}

# static_build PACKAGE…: static binaries, so that one file runs in any image; prints the folder.
static_build() {
  local args=() package
  for package; do args+=(-p "$package"); done
  say "==> cargo: static release build of $*"
  (cd "$ROOT" && RUSTFLAGS='-C target-feature=+crt-static' cargo build --quiet --locked --release --target "$STATIC_TARGET" "${args[@]}") >&2
  printf '%s\n' "${CARGO_TARGET_DIR:-$ROOT/target}/$STATIC_TARGET/release"
}

# hash_of FILE…: 12 hex digits over names and contents.
hash_of() { sha256sum "$@" | sha256sum | cut -c 1-12; }

# image_made_from IMAGE HASH: whether the image exists and was made from these inputs.
image_made_from() { [ "$(docker image inspect -f '{{index .Config.Labels "mosaic.inputs"}}' "$1" 2>/dev/null)" = "$2" ]; }

# debian_mirror: the address this machine's own apt takes Debian from (none stands in this tree).
debian_mirror() {
  local found
  found=$(apt-get indextargets --format '$(ORIGIN) $(LABEL) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
    awk '$1 == "Debian" && $2 == "Debian" && $3 == "main" && !n++ { print $4 }')
  [ -n "$found" ] || die "apt on this machine has no Debian mirror (needs 'apt-get update' or a Debian source)"
  printf '%s\n' "$found"
}
