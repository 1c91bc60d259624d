#!/usr/bin/env bash
# Owns: `make bench-start`: how long a message waits for a stopped container, and for which part of the start, on the real
# OpenClaw: stopped, prewarmed with and without the warm-up, running, paused. Release build, a private Postgres with
# fsync on. The figures go to stdout as Markdown; docs/BENCHMARKS.md says what they mean.
#
#   STARTS=2       fewer rounds, to try it out
#   AGENT=stub     the stand-in instead of the real OpenClaw, to try it out
. "$(dirname "${BASH_SOURCE[0]}")/bench.sh"

bench_world 100
MOSAIC_TEST_AGENT_IMAGE=$("$SETUP/agent-image.sh")
export MOSAIC_TEST_AGENT_IMAGE
bench_run starts "about two minutes a round"
