#!/usr/bin/env bash
# Owns: `make lint`: formatting and lints of everything, including alert rules; warnings are errors.
#
#   lint.sh form   only what takes seconds      lint.sh code   only what needs a compiler
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"

form() {
  say "==> cargo fmt --check"
  cargo fmt --all --check
  command -v shellcheck >/dev/null || apt_install shellcheck
  shellcheck -x -P SCRIPTDIR -P deploy/setup deploy/*.sh deploy/*/*.sh .ci/run
  "$SETUP/alerts.sh"
}
code() {
  say "==> cargo clippy, all targets (minutes in a fresh clone)"
  cargo clippy --workspace --all-targets --locked --quiet -- -D warnings
  if command -v cargo-deny >/dev/null; then
    cargo deny --locked --log-level error check bans licenses sources
  else
    say "    cargo-deny is not installed (cargo install --locked cargo-deny): bans, licences and sources were not checked"
  fi
}

case ${1:-all} in
  form) form ;;
  code) code ;;
  all) # Each on its own: `&&` would switch `set -e` off in them.
    form
    code
    "$SETUP/sqlx.sh" --check
    ;;
  *) die "lint.sh takes 'form', 'code' or nothing" ;;
esac
say "==> lint: all well"
