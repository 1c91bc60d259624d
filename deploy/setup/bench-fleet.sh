#!/usr/bin/env bash
# Owns: `make bench-fleet`: a hundred people's first messages within one second, with 1, 2 and 4 workers, and with
# workers that are killed meanwhile, on the stand-in for the agent. Release build, a Postgres of its own with fsync on.
# The figures go to stdout as Markdown; docs/BENCHMARKS.md says what they mean.
#
#   RUSH_PEOPLE=20   fewer, for a try
#   RUSH_AT_ONCE=1   starts that a worker has in hand at once (4): with 1 the lane is the limit, not the engine
#   PROFILE=dev      without the release build, for a try
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$SETUP/own-postgres.sh"

"$SETUP/tools.sh"
"$SETUP/docker.sh"
postgres_dir=$("$SETUP/postgres.sh")
MOSAIC_TEST_STUB_IMAGE=$("$SETUP/stub-image.sh")
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
own_postgres "$postgres_dir" "$cluster" "$socket" "" "-c max_connections=400 -c fsync=on -c synchronous_commit=on"

ulimit -n "$(ulimit -Hn)"
export TEST_DATABASE_URL="$DATABASE_OF_ONES_OWN" MOSAIC_TEST_BIN=$binaries/mosaic MOSAIC_TEST_RUN MOSAIC_TEST_STUB_IMAGE MOSAIC_TEST_EMBEDDINGS_DIR
say "==> measuring (several minutes; the quieter the machine, the truer the figures)"
"$binaries/rush" &
bench=$!
at_exit "kill_tree $bench" # also when this run is cut short: it has started others
wait "$bench"
