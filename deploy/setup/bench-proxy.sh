#!/usr/bin/env bash
# Owns: `make bench-proxy`: what Mosaic adds to an answer, against the agent asked directly and beside
# LiteLLM's proxy. Release builds, everything on loopback, a Postgres of its own with fsync on. The
# figures go to stdout as Markdown; docs/BENCHMARKS.md says what they mean.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

LITELLM='litellm[proxy]==1.106.2'

"$SETUP/tools.sh"
postgres_dir=$("$SETUP/postgres.sh")

venv=$TARGET/bench-tools/litellm
install_litellm() {
  rm -rf "$venv"
  python3 -m venv "$venv" || { apt_install python3-venv && python3 -m venv "$venv"; }
  "$venv/bin/pip" install --quiet --disable-pip-version-check "$LITELLM"
  echo "$LITELLM" >"$venv/.stamp" # last, so that a run that was cut short is done again
}
mkdir -p "$TARGET/bench-tools"
[ "$(cat "$venv/.stamp" 2>/dev/null)" = "$LITELLM" ] || step "LiteLLM: $LITELLM into $venv" install_litellm

cd "$ROOT"
say "==> cargo: release build (many minutes the first time)"
cargo build --locked --quiet --release -p mosaic -p stub-agent -p bench

# On the disk that the product would use, not in memory: a commit is to wait for it.
cluster=$(mktemp -d "$MOSAIC_CACHE/bench.XXXXXX")
socket=$(mktemp -d /tmp/mosaic-bench.XXXXXX) # a path of at most 107 bytes
as_postgres=()
if [ "$(id -u)" = 0 ]; then # Postgres refuses to run as root
  chown 65534:65534 "$cluster" "$socket"
  as_postgres=(setpriv --reuid=65534 --regid=65534 --clear-groups)
fi
postgres() { (cd / && "${as_postgres[@]}" "$postgres_dir/bin/$1" "${@:2}"); }
stop_postgres() {
  [ ! -f "$cluster/data/postmaster.pid" ] || postgres pg_ctl -D "$cluster/data" -m immediate -w stop >/dev/null
  rm -rf "$cluster" "$socket"
}
at_exit stop_postgres
postgres initdb -D "$cluster/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 >/dev/null
postgres pg_ctl -D "$cluster/data" -w -l "$cluster/log" \
  -o "-k $socket -c listen_addresses= -c fsync=on -c synchronous_commit=on" start >/dev/null

ulimit -n "$(ulimit -Hn)" # two connections for each of a thousand streams
export BENCH_DATABASE_URL="postgres://postgres@localhost:5432/postgres?host=$socket"
export BENCH_MOSAIC=${BENCH_MOSAIC:-$TARGET/release/mosaic} BENCH_AGENT=$TARGET/release/stub-agent
export BENCH_LITELLM=$venv/bin/litellm
export BENCH_MOSAIC_LOG=$TARGET/bench-tools/mosaic.log BENCH_LITELLM_LOG=$TARGET/bench-tools/litellm.log
say "==> measuring (about four minutes; the quieter the machine, the truer the figures)"
"$TARGET/release/bench" &
bench=$!
at_exit "kill_tree $bench" # also when this run is cut short: it has started others
wait "$bench"
