#!/usr/bin/env bash
# Owns: the check that this machine can build Mosaic at all. Silent when it can; otherwise names what is
# missing, and the remedy.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# need NAME AT_LEAST REMEDY: by `NAME --version`.
need() {
  local found
  command -v "$1" >/dev/null || die "$1 is not installed. Remedy: $3"
  found=$("$1" --version | grep -o '[0-9][0-9.]*' | head -n 1)
  printf '%s\n' "$2" "$found" | sort -VC || die "$1 is $found, at least $2 is needed. Remedy: $3"
}

[ "$(uname -s)" = Linux ] || die "Mosaic runs on Linux (Docker, nftables); this is $(uname -s)"
need rustc 1.94 "install Rust by rustup, then: rustup update stable"
need cargo 1.94 "install Rust by rustup, then: rustup update stable"
need node 20 "install Node.js 20 or newer (Debian 13, or your distribution's newer package)"
command -v curl >/dev/null || apt_install curl
command -v pgrep >/dev/null || apt_install procps
command -v cc >/dev/null || apt_install gcc libc6-dev
