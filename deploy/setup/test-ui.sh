#!/usr/bin/env bash
# Owns: `make test-ui`: the pages in a real Chromium, against a real server that serves them itself.
#
#   ARGS='chat'   what to give to playwright: names of files, -g for names of tests
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

"$SETUP/tools.sh"
"$SETUP/docker.sh"
if [ -z "${CHROMIUM:-}" ]; then
  command -v chromium >/dev/null || apt_install chromium
  CHROMIUM=$(command -v chromium)
fi
MOSAIC_POSTGRES_DIR=$("$SETUP/postgres.sh")
MOSAIC_AGENT_IMAGE=$("$SETUP/stub-image.sh")
"$SETUP/ui.sh"
cd "$ROOT"
cargo build --locked -p mosaic -p stub-llm
export CHROMIUM MOSAIC_POSTGRES_DIR MOSAIC_AGENT_IMAGE MOSAIC_SERVES_UI=1
cd ui
# shellcheck disable=SC2086 # several arguments
exec npm run --silent e2e -- ${ARGS:-}
