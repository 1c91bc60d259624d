#!/usr/bin/env bash
# Owns: ui/dist, the pages as the server carries them. Quick when nothing changed.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# Its sources and the API's document, and nothing that a build or a test leaves behind.
sources() { find ui api/openapi.json \( -name node_modules -o -name dist -o -name test-results -o -name .tanstack \) -prune -o -type f -print0; }
wanted=$(cd "$ROOT" && sources | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -c 1-12)
stamp=$ROOT/ui/node_modules/.made-from
one_at_a_time ui

build() {
  cd "$ROOT/ui"
  npm ci --no-audit --no-fund
  npm run gen
  npm run build
  echo "$wanted" >"$stamp" # last, so that a run that was cut short is done again
}
if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ] || [ ! -f "$ROOT/ui/dist/index.html" ]; then
  step "the pages: npm packages and a build (half a minute)" build
fi
