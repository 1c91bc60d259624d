#!/usr/bin/env bash
# Owns: `make bench-start`: how long a message waits for a container that sleeps, and whose time that is, on the real
# OpenClaw: asleep, started early with and without the warm-up, awake, paused. Release build, a Postgres of its own with
# fsync on. The figures go to stdout as Markdown; docs/BENCHMARKS.md says what they mean.
#
#   STARTS=2       fewer rounds, for a try
#   AGENT=stub     the stand-in instead of the real OpenClaw, for a try
#   PROFILE=dev    without the release build, for a try
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$SETUP/own-postgres.sh"

"$SETUP/tools.sh"
"$SETUP/docker.sh"
postgres_dir=$("$SETUP/postgres.sh")
MOSAIC_TEST_STUB_IMAGE=$("$SETUP/stub-image.sh")
MOSAIC_TEST_AGENT_IMAGE=$("$SETUP/agent-image.sh")
MOSAIC_TEST_EMBEDDINGS_DIR=$("$SETUP/embeddings.sh")
MOSAIC_TEST_RUN=bench-$(date +%s)-$$
at_exit 'clean_docker >/dev/null'

cd "$ROOT"
profile=${PROFILE:-release}
binaries=$TARGET/${profile/dev/debug}
say "==> cargo: $profile build (many minutes the first time)"
cargo build --locked --quiet --profile "$profile" -p mosaic -p tests --bins

# On the disk that the product would use, not in memory: a commit is to wait for it.
cluster=$(mktemp -d "$MOSAIC_CACHE/bench.XXXXXX")
socket=$(mktemp -d /tmp/mosaic-bench.XXXXXX) # a path of at most 107 bytes
own_postgres "$postgres_dir" "$cluster" "$socket" "" "-c max_connections=100 -c fsync=on -c synchronous_commit=on"

export TEST_DATABASE_URL="$DATABASE_OF_ONES_OWN" MOSAIC_TEST_BIN=$binaries/mosaic MOSAIC_TEST_RUN \
  MOSAIC_TEST_STUB_IMAGE MOSAIC_TEST_AGENT_IMAGE MOSAIC_TEST_EMBEDDINGS_DIR
say "==> measuring (about two minutes a round; the quieter the machine, the truer the figures)"
"$binaries/starts" &
bench=$!
at_exit "kill_tree $bench" # also when this run is cut short: it has started others
wait "$bench"
