#!/usr/bin/env bash
# Owns: `make bench-start`: how long a message waits for a container that sleeps, and whose time that is, on the real
# OpenClaw: asleep, started early with and without the warm-up, awake, paused. Release build, a Postgres of its own with
# fsync on. The figures go to stdout as Markdown; docs/BENCHMARKS.md says what they mean.
#
#   STARTS=2       fewer rounds, for a try
#   AGENT=stub     the stand-in instead of the real OpenClaw, for a try
. "$(dirname "${BASH_SOURCE[0]}")/bench.sh"

bench_world 100
MOSAIC_TEST_AGENT_IMAGE=$("$SETUP/agent-image.sh")
export MOSAIC_TEST_AGENT_IMAGE
bench_run starts "about two minutes a round"
