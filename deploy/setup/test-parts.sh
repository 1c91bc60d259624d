#!/usr/bin/env bash
# The parts that tests need, for `make test` and for single tests. Each function prepares one and exports where it is; all
# are quick when there is nothing to do. Sourced after lib.sh and own-postgres.sh, never run.
#
# For the tests: TEST_DATABASE_URL (superuser), MOSAIC_TEST_{BIN,AGENT_IMAGE,STUB_IMAGE,POSTGRES_DIR,CLIENTS,OIDC,EMBEDDINGS_DIR},
# and MOSAIC_TEST_RUN: all their containers, networks and volumes have the label mosaic.test=$MOSAIC_TEST_RUN.
export MOSAIC_TEST_BIN=$TARGET/debug/mosaic
MOSAIC_TEST_RUN=$(date +%s)-$$
export MOSAIC_TEST_RUN
# Most tests wait for containers most of the time.
export RUST_TEST_THREADS=${RUST_TEST_THREADS:-$(($(nproc) + 1))}

engine() {
  "$SETUP/docker.sh"
  apt_install nftables iproute2 busybox-static haproxy curl xfsprogs e2fsprogs procps
  at_exit 'clean_docker >/dev/null'
}
postgres_programs() {
  MOSAIC_TEST_POSTGRES_DIR=$("$SETUP/postgres.sh")
  export MOSAIC_TEST_POSTGRES_DIR
}
agent_image() {
  MOSAIC_TEST_AGENT_IMAGE=$("$SETUP/agent-image.sh")
  export MOSAIC_TEST_AGENT_IMAGE
}
stub_image() {
  MOSAIC_TEST_STUB_IMAGE=$("$SETUP/stub-image.sh")
  export MOSAIC_TEST_STUB_IMAGE
}
clients() {
  MOSAIC_TEST_CLIENTS=$("$SETUP/test-clients.sh")
  export MOSAIC_TEST_CLIENTS
}
oidc() {
  MOSAIC_TEST_OIDC=$("$SETUP/test-oidc.sh")
  export MOSAIC_TEST_OIDC
}
embeddings() {
  MOSAIC_TEST_EMBEDDINGS_DIR=$("$SETUP/embeddings.sh")
  export MOSAIC_TEST_EMBEDDINGS_DIR
}
pages() { "$SETUP/ui.sh"; }

# throw_away_postgres: one that ends with the run; needs postgres_programs.
throw_away_postgres() {
  local cluster
  cluster=$(mktemp -d /tmp/mosaic-test.XXXXXX)
  own_postgres "$MOSAIC_TEST_POSTGRES_DIR" "$cluster" "$cluster" --no-sync \
    "-c max_connections=300 -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
  export TEST_DATABASE_URL=$OWN_DATABASE_URL
}
# kept_postgres: one that is left running for the next run; `make test-stop` ends it.
kept_postgres() {
  TEST_DATABASE_URL=$("$SETUP/test-postgres.sh")
  export TEST_DATABASE_URL
}

# run_target PACKAGE TARGET ARG…: one test binary, built with the features of the whole workspace. So it reuses what
# `cargo build --workspace --tests` has built; `cargo test -p` chooses other features, and builds half of all crates again.
run_target() {
  local package=$1 name=$2 manifest build binary
  shift 2
  manifest=$(grep -lx "name = \"$package\"" "$ROOT"/*/Cargo.toml "$ROOT"/*/*/Cargo.toml | head -n 1)
  [ -n "$manifest" ] || die "no package has the name $package"
  build=(cargo build --locked --workspace --test "$name" --message-format json-render-diagnostics)
  [ "$package" != tests ] || build+=(--bin mosaic)
  binary=$(cd "$ROOT" && "${build[@]}" | sed -n "s|.*\"manifest_path\":\"$manifest\".*\"kind\":\[\"test\"\].*\"name\":\"$name\".*\"executable\":\"\([^\"]*\)\".*|\1|p")
  [ -n "$binary" ] || die "$package has no binary of tests with the name $name"
  "$binary" "$@" --list | grep -c ': test$' >/dev/null || die "no test of $binary matches: $*"
  (cd "$(dirname "$manifest")" && "$binary" "$@") # as cargo does
}

# test_targets: each binary of tests of the workspace, as "PACKAGE TARGET".
test_targets() {
  cargo metadata --locked --no-deps --format-version 1 --manifest-path "$ROOT/Cargo.toml" | node -e '
    const { packages } = JSON.parse(require("fs").readFileSync(0, "utf8"))
    for (const { name, targets } of packages)
      for (const target of targets) if (target.kind.includes("test")) console.log(name, target.name)'
}
