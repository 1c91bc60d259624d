#!/usr/bin/env bash
# Owns: ui/dist, the pages as the server contains them. Quick when nothing changed.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# Its sources, without what a build or a test leaves behind.
sources() { find ui \( -name node_modules -o -name dist -o -name test-results -o -name .tanstack \) -prune -o -type f -print0; }
inputs=$(cd "$ROOT" && sources | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -c 1-12)
one_at_a_time ui

build() {
  cd "$ROOT/ui"
  npm ci --no-audit --no-fund
  npm run build
}
[ -f "$ROOT/ui/dist/index.html" ] || rm -f "$ROOT/ui/node_modules/.made-from"
unless_made "$ROOT/ui/node_modules" "$inputs" "the pages: npm packages and a build (half a minute)" build
