#!/usr/bin/env bash
# Owns: `make test-ui`: the pages in a real Chromium, against real servers that serve them themselves.
#
#   ARGS='chat'   what to give to playwright: names of files, -g for names of tests
#   SUITE=…       e2e (default), e2e:real (one journey on the real OpenClaw), screenshots, measure
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

"$SETUP/tools.sh"
"$SETUP/docker.sh"
apt_install iproute2
if [ -z "${CHROMIUM:-}" ]; then
  command -v chromium >/dev/null || apt_install chromium
  CHROMIUM=$(command -v chromium)
fi
MOSAIC_POSTGRES_DIR=$("$SETUP/postgres.sh")
MOSAIC_AGENT_IMAGE=$("$SETUP/stub-image.sh")
MOSAIC_TEST_OIDC=$("$SETUP/test-oidc.sh")
[ "${SUITE:=e2e}" != e2e:real ] || MOSAIC_REAL_IMAGE=$("$SETUP/agent-image.sh")
"$SETUP/ui.sh"
cd "$ROOT"
cargo build --locked --workspace --bins --tests # as in test.sh, so that nothing is built twice
export CHROMIUM MOSAIC_POSTGRES_DIR MOSAIC_AGENT_IMAGE MOSAIC_REAL_IMAGE MOSAIC_TEST_OIDC MOSAIC_SERVES_UI=1
cd ui
# As a shell would read them, so that a pattern in quotes may have spaces.
eval "arguments=(${ARGS:-})"
# shellcheck disable=SC2154 # set by eval
exec npm run --silent "$SUITE" -- "${arguments[@]}"
