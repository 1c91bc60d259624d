#!/usr/bin/env bash
# Owns: `make test-stop`: stops and removes the Postgres that runs of single tests keep. Images, the engine and what cargo
# built stay.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

if [ ! -d "$MOSAIC_CACHE/test-postgres" ]; then
  say "Nothing is kept for tests"
  exit
fi
"$SETUP/test-postgres.sh" stop
say "The tests' Postgres is stopped and removed"
