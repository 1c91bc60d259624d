#!/usr/bin/env bash
# Owns: `make bench-fleet`: a hundred people's first messages within one second, with 1, 2 and 4 workers, and with
# workers that are killed meanwhile, on the stand-in for the agent. Release build, a private Postgres with fsync on.
# The figures go to stdout as Markdown; docs/BENCHMARKS.md says what they mean.
#
#   RUSH_PEOPLE=20   fewer, to try it out
#   RUSH_AT_ONCE=1   simultaneous starts per worker (4): with 1 the lane is the limit, not the engine
. "$(dirname "${BASH_SOURCE[0]}")/bench.sh"

bench_world 400
bench_run rush "several minutes"
