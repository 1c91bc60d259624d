#!/usr/bin/env bash
# Owns: OpenAI's official clients (PyPI, npm) and schemathesis as tests/clients pins them, for the tests of
# the API. Prints the folder for MOSAIC_TEST_CLIENTS: python/bin/python and node/client.mjs are in it. Quick
# when they are installed.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

clients=$TARGET/test-tools/clients
one_at_a_time test-clients

install_clients() {
  rm -rf "$clients"
  mkdir -p "$clients"
  python3 -m venv "$clients/python" || { apt_install python3-venv && python3 -m venv "$clients/python"; }
  "$clients/python/bin/pip" install --quiet --disable-pip-version-check --no-deps -r "$ROOT/tests/clients/requirements.txt"
  cp -r "$ROOT/tests/clients" "$clients/node"
  (cd "$clients/node" && npm ci --ignore-scripts --no-audit --no-fund)
}
unless_made "$clients" "$(inputs_of "$ROOT/tests/clients")" \
  "OpenAI's official clients for Python and Node, and schemathesis, into $clients" install_clients
printf '%s\n' "$clients"
