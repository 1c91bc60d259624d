#!/usr/bin/env bash
# Owns: `make bench-proxy`: what Mosaic adds to an answer, against the agent asked directly and beside
# LiteLLM's proxy. Release builds, everything on loopback, a private Postgres with fsync on. The
# figures go to stdout as Markdown; docs/BENCHMARKS.md says what they mean.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$SETUP/own-postgres.sh"

LITELLM='litellm[proxy]==1.106.2'

"$SETUP/tools.sh"
postgres_dir=$("$SETUP/postgres.sh")

venv=$TARGET/bench-tools/litellm
install_litellm() {
  rm -rf "$venv"
  python3 -m venv "$venv" || { apt_install python3-venv && python3 -m venv "$venv"; }
  "$venv/bin/pip" install --quiet --disable-pip-version-check "$LITELLM"
}
mkdir -p "$TARGET/bench-tools"
unless_made "$venv" "$LITELLM" "LiteLLM: $LITELLM into $venv" install_litellm

cd "$ROOT"
say "==> cargo: release build (many minutes the first time)"
cargo build --locked --quiet --release -p mosaic -p stub-agent -p bench

# On the disk that the product would use, not in memory, so that a commit waits for it.
cluster=$(mktemp -d "$MOSAIC_CACHE/bench.XXXXXX")
socket=$(mktemp -d /tmp/mosaic-bench.XXXXXX) # a path of at most 107 bytes
own_postgres "$postgres_dir" "$cluster" "$socket" "" "-c fsync=on -c synchronous_commit=on"

ulimit -n "$(ulimit -Hn)" # two connections for each of a thousand streams
export BENCH_DATABASE_URL="$OWN_DATABASE_URL"
export BENCH_MOSAIC=${BENCH_MOSAIC:-$TARGET/release/mosaic} BENCH_AGENT=$TARGET/release/stub-agent
export BENCH_LITELLM=$venv/bin/litellm
export BENCH_MOSAIC_LOG=$TARGET/bench-tools/mosaic.log BENCH_LITELLM_LOG=$TARGET/bench-tools/litellm.log
say "==> measuring (about four minutes; the quieter the machine, the truer the figures)"
"$TARGET/release/bench" &
bench=$!
at_exit "kill_tree $bench" # also when this run is interrupted: it has started others
wait "$bench"
