#!/usr/bin/env bash
# Owns: `make audit`: whether anything that is pinned (lock files, and wheels that scripts fetch) has a known
# vulnerability. What is compared with what: audit.mjs and docs/security.md. Changes nothing.
#
#   OFFLINE=1     uses no registry: only the committed list, the same result everywhere on one day
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

cd "$ROOT"
make_cache
arguments=()
[ "${OFFLINE:-0}" != 1 ] || arguments+=(--offline)
say "==> audit: pinned packages against known vulnerabilities"
node deploy/setup/audit.mjs "${arguments[@]}"
step "audit: that the check tells what it must" node --test deploy/setup/audit.test.mjs
