#!/usr/bin/env bash
# Owns: a real OpenID provider (npm oidc-provider) as tests/oidc pins it, for the tests of signing in. Prints
# the folder for MOSAIC_TEST_OIDC: provider.mjs is in it. Quick when it is installed.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

oidc=$TARGET/test-tools/oidc
one_at_a_time test-oidc

install_oidc() {
  rm -rf "$oidc"
  mkdir -p "$(dirname "$oidc")"
  cp -r "$ROOT/tests/oidc" "$oidc"
  (cd "$oidc" && npm ci --ignore-scripts --no-audit --no-fund)
}
unless_made "$oidc" "$(inputs_of "$ROOT/tests/oidc")" \
  "an OpenID provider for the tests into $oidc" install_oidc
printf '%s\n' "$oidc"
