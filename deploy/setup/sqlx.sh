#!/usr/bin/env bash
# Owns: `make sqlx`: .sqlx, from which the compiler knows the types of every checked query, so that a build needs no
# database. Generated from the migrations with a temporary Postgres. See docs/sql.md.
#
#   sqlx.sh            after a query or a migration changed: rewrites .sqlx
#   sqlx.sh --check    changes nothing; fails when a query does not fit the migrations, or .sqlx is not up to date
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$SETUP/own-postgres.sh"
cd "$ROOT"

# The crates with checked queries. Those with SQL that cannot be checked are listed in docs/sql.md.
CRATES=(crates/store jobs)
QUERIES=$ROOT/.sqlx

case ${1:-} in
  '') write=1 ;;
  --check) write=0 ;;
  *) die "sqlx.sh takes --check or nothing" ;;
esac

migrated_postgres() {
  # Only nested loops: which columns of an outer join may be null is read from the plan, which must be the same on every
  # machine.
  own_postgres "$("$SETUP/postgres.sh")" "$(mktemp -d /tmp/mosaic-sqlx.XXXXXX)" "$(mktemp -d /tmp/mosaic-sqlx.XXXXXX)" \
    --no-sync '-c fsync=off -c enable_hashjoin=off -c enable_mergejoin=off'
  local file
  for file in migrations/sql/*.sql; do
    "$OWN_BINARIES/bin/psql" -h "$OWN_SOCKET" -U postgres -d postgres -q -1 -v ON_ERROR_STOP=1 -f "$file" >/dev/null ||
      die "this migration cannot be applied: $file"
  done
}

# Cargo does not know that the database is an input, so a source file has to look changed. Its timestamp is restored, so that a
# later build compiles nothing again.
look_changed() {
  local crate source
  for crate in "${CRATES[@]}"; do
    source=$ROOT/$crate/src/lib.rs
    mkdir -p "$work/$crate"
    touch -r "$source" "$work/$crate/time"
    at_exit "touch -r '$work/$crate/time' '$source'"
    touch "$source"
  done
}

check_queries() {
  local crate packages=()
  for crate in "${CRATES[@]}"; do packages+=(-p "${crate##*/}"); done
  SQLX_OFFLINE=false DATABASE_URL=$OWN_DATABASE_URL SQLX_OFFLINE_DIR=$found cargo check --locked --quiet "${packages[@]}"
}

work=$(mktemp -d)
at_exit "rm -rf '$work'"
found=$work/queries
mkdir "$found"
say "==> sqlx: every query against the migrations"
migrated_postgres
look_changed
check_queries || die "a query does not fit the migrations"
[ -n "$(ls "$found")" ] || die "cargo compiled no query: is another target folder in use?"

if [ "$write" = 1 ]; then
  mkdir -p "$QUERIES"
  rm -f "$QUERIES"/query-*.json
  cp "$found"/query-*.json "$QUERIES"
  say "    $(find "$QUERIES" -name 'query-*.json' | wc -l) queries in .sqlx"
else
  diff -rq "$found" "$QUERIES" >&2 || die ".sqlx is not up to date: run 'make sqlx' and commit what it changes"
fi
