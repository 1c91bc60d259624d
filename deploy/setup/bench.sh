#!/usr/bin/env bash
# Shared by the benchmarks of containers: the images, a release build, a private Postgres with fsync on, and a cleanup that
# leaves nothing behind. Sourced, never run.
#
#   PROFILE=dev    without the release build, to try it out
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$SETUP/own-postgres.sh"

# bench_world CONNECTIONS: prepares what a benchmark of the product needs; the programs read it from the environment.
bench_world() {
  local cluster socket postgres_dir profile=${PROFILE:-release}
  "$SETUP/tools.sh"
  "$SETUP/docker.sh"
  postgres_dir=$("$SETUP/postgres.sh")
  MOSAIC_TEST_STUB_IMAGE=$("$SETUP/stub-image.sh")
  MOSAIC_TEST_EMBEDDINGS_DIR=$("$SETUP/embeddings.sh")
  MOSAIC_TEST_RUN=bench-$(date +%s)-$$
  at_exit 'clean_docker >/dev/null'

  cd "$ROOT"
  BENCH_BINARIES=$TARGET/${profile/dev/debug}
  say "==> cargo: $profile build (many minutes the first time)"
  cargo build --locked --quiet --profile "$profile" -p mosaic -p tests --bins

  # On the disk that the product would use, not in memory, so that a commit waits for it.
  cluster=$(mktemp -d "$MOSAIC_CACHE/bench.XXXXXX")
  socket=$(mktemp -d /tmp/mosaic-bench.XXXXXX) # a path of at most 107 bytes
  own_postgres "$postgres_dir" "$cluster" "$socket" "" "-c max_connections=$1 -c fsync=on -c synchronous_commit=on"
  ulimit -n "$(ulimit -Hn)"
  export TEST_DATABASE_URL="$OWN_DATABASE_URL" MOSAIC_TEST_BIN=$BENCH_BINARIES/mosaic
  export MOSAIC_TEST_RUN MOSAIC_TEST_STUB_IMAGE MOSAIC_TEST_EMBEDDINGS_DIR
}

# bench_run PROGRAM DURATION: its figures go to stdout.
bench_run() {
  local bench
  say "==> measuring ($2; the quieter the machine, the truer the figures)"
  "$BENCH_BINARIES/$1" &
  bench=$!
  at_exit "kill_tree $bench" # also when this run is interrupted: it has started others
  wait "$bench"
}
