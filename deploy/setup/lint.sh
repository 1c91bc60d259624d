#!/usr/bin/env bash
# Owns: `make lint`: form and lints of everything, alert rules included; warnings are errors.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

cd "$ROOT"
say "==> cargo fmt --check"
cargo fmt --all --check
say "==> cargo clippy, all targets (minutes in a fresh clone)"
cargo clippy --workspace --all-targets --locked --quiet -- -D warnings
if command -v cargo-deny >/dev/null; then
  cargo deny --locked --log-level error check bans licenses sources
  # The list of known holes comes from a repository that not every machine reaches.
  if cargo deny --locked --log-level off fetch db 2>/dev/null; then
    cargo deny --locked --offline --log-level error check advisories
  else
    say "    the list of known holes cannot be had from here: crates were not compared with it"
  fi
else
  say "    cargo-deny is not installed (cargo install --locked cargo-deny): left out"
fi
if command -v shellcheck >/dev/null; then shellcheck -x -P SCRIPTDIR -P deploy/setup deploy/*.sh deploy/*/*.sh .ci/run; fi
"$SETUP/alerts.sh"
say "==> lint: all well"
