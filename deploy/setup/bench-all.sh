#!/usr/bin/env bash
# Owns: `make bench`: every benchmark, one after the other, to compare before and after a change. Refuses to run on a
# busy machine, because other work would distort the figures. Shows each result when it is ready, and keeps it in
# target/bench/<time>/<name>.md, with the machine, the commit and the time it took.
#
#   ONLY='queue proxy'   some of them
#   FORCE=1              also on a busy machine; the results then say so
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# In this order: first what needs no containers, then what does, the browser last.
ALL=(queue proxy idle start fleet knowledge ui)
MAX_BUSY_PERCENT=10
SAMPLE_S=10

# busy_percent SECONDS: how much of all cores other work used in that time.
busy_percent() {
  local before after
  before=$(head -n 1 /proc/stat)
  sleep "$1"
  after=$(head -n 1 /proc/stat)
  awk -v before="$before" -v after="$after" 'BEGIN {
    split(before, b); n = split(after, a)
    for (i = 2; i <= n; i++) all += a[i] - b[i]
    idle = (a[5] - b[5]) + (a[6] - b[6])
    printf "%d", (all > 0 ? 100 * (all - idle) / all + 0.5 : 0)
  }'
}

require_quiet() {
  local busy
  busy=$(busy_percent "$SAMPLE_S")
  [ "$busy" -gt "$MAX_BUSY_PERCENT" ] || return 0
  ps -eo pcpu,pid,args --sort=-pcpu | head -n 4 | cut -c 1-120 >&2
  [ "${FORCE:-0}" = 1 ] || die "the machine is busy ($busy % of all cores, at most $MAX_BUSY_PERCENT are fine): stop other work, or set FORCE=1"
  say "    the machine is busy ($busy %); measuring anyway"
  note "**Not a quiet machine**: $busy % of all cores were busy before it."
}
note() { printf '\n%s\n' "$*" >>"$results/machine.md"; }

results=$TARGET/bench/$(date -u +%Y-%m-%dT%H%M%S)
mkdir -p "$results"
{
  echo "# $(date -u '+%-d %B %Y, %H:%M UTC')"
  echo
  echo "* commit $(git -C "$ROOT" rev-parse --short HEAD)$(git -C "$ROOT" diff --quiet HEAD || echo ', changed')"
  echo "* $(nproc) cores of $(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1), $(free -g | awk '/^Mem:/ { print $2 }') GiB"
} >"$results/machine.md"
require_quiet

for name in ${ONLY:-${ALL[@]}}; do
  [ -x "$SETUP/bench-$name.sh" ] || [ "$name" = ui ] || die "there is no benchmark $name: one of ${ALL[*]}"
  say "==> bench-$name"
  began=$SECONDS
  case $name in
    ui) SUITE=measure "$SETUP/test-ui.sh" ;;
    *) "$SETUP/bench-$name.sh" ;;
  esac | tee "$results/$name.md"
  note "* bench-$name took $((SECONDS - began)) s"
done
say "==> results: $results"
cat "$results/machine.md"
