#!/usr/bin/env bash
# Owns: `make test`: prepares real parts (engine, images, one throw-away Postgres), runs every Rust
# test against them, and takes away only what this run made.
#
#   ARGS='-p jobs'   what to give to cargo test, instead of --workspace
#
# For the tests: TEST_DATABASE_URL (superuser), MOSAIC_TEST_{BIN,AGENT_IMAGE,STUB_IMAGE,POSTGRES_DIR,CLIENTS,OIDC},
# and MOSAIC_TEST_RUN: every container, network and volume of theirs carries label
# mosaic.test=$MOSAIC_TEST_RUN.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

"$SETUP/tools.sh"
"$SETUP/docker.sh"
apt_install nftables iproute2 busybox-static
MOSAIC_TEST_POSTGRES_DIR=$("$SETUP/postgres.sh")
MOSAIC_TEST_AGENT_IMAGE=$("$SETUP/agent-image.sh")
MOSAIC_TEST_STUB_IMAGE=$("$SETUP/stub-image.sh")
MOSAIC_TEST_CLIENTS=$("$SETUP/test-clients.sh")
MOSAIC_TEST_OIDC=$("$SETUP/test-oidc.sh")

MOSAIC_TEST_RUN=$(date +%s)-$$
clean_docker() {
  local mine=label=mosaic.test=$MOSAIC_TEST_RUN
  docker ps -aq --filter "$mine" | xargs -r docker rm -f -v
  docker network ls -q --filter "$mine" | xargs -r docker network rm
  docker volume ls -q --filter "$mine" | xargs -r docker volume rm
}
at_exit 'clean_docker >/dev/null'

# A socket in a folder of its own: no port to collide on, no password to wait for, nobody else's.
# The path must stay short (107 bytes), so it is not under TMPDIR.
cluster=$(mktemp -d /tmp/mosaic-test.XXXXXX)
as_postgres=()
if [ "$(id -u)" = 0 ]; then # Postgres refuses to run as root
  chown 65534:65534 "$cluster"
  as_postgres=(setpriv --reuid=65534 --regid=65534 --clear-groups)
fi
postgres() { (cd / && "${as_postgres[@]}" "$MOSAIC_TEST_POSTGRES_DIR/bin/$1" "${@:2}"); }
stop_postgres() {
  [ ! -f "$cluster/data/postmaster.pid" ] || postgres pg_ctl -D "$cluster/data" -m immediate -w stop >/dev/null
  rm -rf "$cluster"
}
at_exit stop_postgres
postgres initdb -D "$cluster/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >/dev/null
postgres pg_ctl -D "$cluster/data" -w -l "$cluster/log" -o "-k $cluster -c listen_addresses= -c max_connections=300 \
  -c fsync=off -c synchronous_commit=off -c full_page_writes=off" start >/dev/null
TEST_DATABASE_URL="postgres://postgres@localhost:5432/postgres?host=$cluster"

"$SETUP/ui.sh"
cd "$ROOT"
[ -x "$TARGET/debug/mosaic" ] || say "==> cargo: building everything and its tests (several minutes the first time)"
cargo build --locked --workspace --bins
MOSAIC_TEST_BIN=$TARGET/debug/mosaic
export TEST_DATABASE_URL MOSAIC_TEST_RUN MOSAIC_TEST_BIN MOSAIC_TEST_AGENT_IMAGE MOSAIC_TEST_STUB_IMAGE MOSAIC_TEST_POSTGRES_DIR MOSAIC_TEST_CLIENTS MOSAIC_TEST_OIDC
if [ -z "${ARGS:-}" ]; then
  (cd ui && npm run --silent lint && npm run --silent test && npm run --silent size)
fi
# shellcheck disable=SC2086 # several arguments
cargo test --locked ${ARGS:---workspace}
