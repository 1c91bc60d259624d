#!/usr/bin/env bash
# Owns: `make test`: prepares real parts (engine, images, one throw-away Postgres), runs every test of
# Rust and of the pages against them, and takes away only what this run made.
#
#   ARGS='-p jobs'   what to give to cargo test, instead of --workspace
#
# For the tests: TEST_DATABASE_URL (superuser), MOSAIC_TEST_{BIN,AGENT_IMAGE,STUB_IMAGE,POSTGRES_DIR,CLIENTS,OIDC,EMBEDDINGS_DIR},
# and MOSAIC_TEST_RUN: every container, network and volume of theirs carries label
# mosaic.test=$MOSAIC_TEST_RUN.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$SETUP/own-postgres.sh"

"$SETUP/tools.sh"
"$SETUP/docker.sh"
apt_install nftables iproute2 busybox-static haproxy curl xfsprogs e2fsprogs procps
MOSAIC_TEST_POSTGRES_DIR=$("$SETUP/postgres.sh")
MOSAIC_TEST_AGENT_IMAGE=$("$SETUP/agent-image.sh")
MOSAIC_TEST_STUB_IMAGE=$("$SETUP/stub-image.sh")
MOSAIC_TEST_CLIENTS=$("$SETUP/test-clients.sh")
MOSAIC_TEST_OIDC=$("$SETUP/test-oidc.sh")
MOSAIC_TEST_EMBEDDINGS_DIR=$("$SETUP/embeddings.sh")

MOSAIC_TEST_RUN=$(date +%s)-$$
at_exit 'clean_docker >/dev/null'

cluster=$(mktemp -d /tmp/mosaic-test.XXXXXX)
own_postgres "$MOSAIC_TEST_POSTGRES_DIR" "$cluster" "$cluster" --no-sync \
  "-c max_connections=300 -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
TEST_DATABASE_URL=$DATABASE_OF_ONES_OWN

"$SETUP/ui.sh"
cd "$ROOT"
[ -x "$TARGET/debug/mosaic" ] || say "==> cargo: building everything and its tests (several minutes the first time)"
# With the tests, so that features are chosen once for both: `cargo test` would build everything again otherwise.
cargo build --locked --workspace --bins --tests
MOSAIC_TEST_BIN=$TARGET/debug/mosaic
export TEST_DATABASE_URL MOSAIC_TEST_RUN MOSAIC_TEST_BIN MOSAIC_TEST_AGENT_IMAGE MOSAIC_TEST_STUB_IMAGE MOSAIC_TEST_POSTGRES_DIR MOSAIC_TEST_CLIENTS MOSAIC_TEST_OIDC MOSAIC_TEST_EMBEDDINGS_DIR
if [ -z "${ARGS:-}" ]; then
  (cd ui && npm run --silent gen:check && npm run --silent lint && npm run --silent test && npm run --silent size)
fi
# Most of them wait for containers most of the time.
export RUST_TEST_THREADS=${RUST_TEST_THREADS:-$(($(nproc) + 1))}
# shellcheck disable=SC2086 # several arguments
cargo test --locked ${ARGS:---workspace}
[ -n "${ARGS:-}" ] || "$SETUP/test-ui.sh"
