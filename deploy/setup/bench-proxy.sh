#!/usr/bin/env bash
# Owns: `make bench-proxy`: what Mosaic adds to a chat's first byte, against the agent asked directly.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

ARGS="--release -p tests --test bench_proxy -- --ignored --nocapture --test-threads=1" exec "$SETUP/test.sh"
