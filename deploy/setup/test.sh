#!/usr/bin/env bash
# Owns: `make test`: prepares real parts (engine, images, one temporary Postgres), runs every test of Rust and of the pages
# against them, the quickest first, removes only what this run created, and ends with a list of what ran.
#
#   ARGS='-p jobs'   only the named tests, with only the parts that they need: see test-named.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

[ -z "${ARGS:-}" ] || exec "$SETUP/test-named.sh"

. "$SETUP/own-postgres.sh"
. "$SETUP/stages.sh"
. "$SETUP/test-parts.sh"

parts() {
  "$SETUP/tools.sh"
  engine
  postgres_programs
  agent_image
  stub_image
  clients
  oidc
  embeddings
  throw_away_postgres
  pages
}
# Together with the tests, so that features are chosen once for both: otherwise `cargo test` would build everything again.
build() {
  [ -x "$MOSAIC_TEST_BIN" ] || say "==> cargo: building everything and its tests (several minutes the first time)"
  cargo build --locked --workspace --bins --tests
}
# Tests that need no part: unit tests, and those that read the tree.
unit() { cargo test --locked --workspace --lib --bins --test arrows; }
page_units() { (cd ui && npm run --silent gen:check && npm run --silent lint && npm run --silent test && npm run --silent size); }
queue() { run_target workers queue; }
# Each crate's own tests on real parts: Postgres, the engine, the agents' image.
crates() {
  local package target
  while read -r package target <&3; do
    case $package in tests | workers) continue ;; esac
    say "==> $package: $target"
    run_target "$package" "$target"
  done 3< <(test_targets)
}
# Most of these wait for containers and processes most of the time.
integration() { RUST_TEST_THREADS=$(($(nproc) * 2)) run_target tests it; }

cd "$ROOT"
stage parts parts
stage build build
stage unit unit
stage page-units page_units
stage queue queue
stage crates crates
stage integration integration
stage browser "$SETUP/test-ui.sh"
