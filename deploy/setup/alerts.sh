#!/usr/bin/env bash
# Owns: the check of the alert rules with Prometheus's own tool: their syntax, and their alerts in important situations.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# promtool is used if installed, or else unpacked from Debian's package: installing that would also start a Prometheus.
with_promtool() {
  local unpacked=$MOSAIC_CACHE/promtool
  if [ -n "$(type -P promtool)" ]; then
    promtool "$@"
    return
  fi
  if [ ! -x "$unpacked" ]; then
    command -v apt-get >/dev/null || die "promtool is not installed, and there is no apt to get it from"
    step "apt: promtool" unpack "$unpacked"
  fi
  "$unpacked" "$@"
}

unpack() {
  local folder
  folder=$(mktemp -d)
  make_cache
  # A fresh machine knows no packages yet.
  (cd "$folder" && { apt-get -q download prometheus || { as_root apt-get -q update && apt-get -q download prometheus; }; } && dpkg -x prometheus_*.deb .)
  install -m 755 "$folder/usr/bin/promtool" "$1"
  rm -rf "$folder"
}

cd "$ROOT/deploy/observability"
say "==> alert rules"
with_promtool check rules alerts.yml >&2
with_promtool test rules alerts.test.yml >&2
