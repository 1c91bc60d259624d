#!/usr/bin/env bash
# Owns: the Postgres that runs of single tests share: the first run starts it, it keeps running, and `make test-stop` stops
# and removes it. Quick when it runs. The last line on stdout is the superuser's URL.
#
#   test-postgres.sh           starts it unless it runs, and removes what killed tests left in it
#   test-postgres.sh stop      stops and removes it
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$SETUP/own-postgres.sh"

# Nothing in it needs to survive a power cut, so no write waits for the disk.
OPTIONS='-c max_connections=300 -c fsync=off -c synchronous_commit=off -c full_page_writes=off'
OWN_CLUSTER=$MOSAIC_CACHE/test-postgres
[ ${#OWN_CLUSTER} -lt 88 ] || die "the path of a socket must be short, and $OWN_CLUSTER is not: set MOSAIC_CACHE to a shorter folder"
URL="postgres://postgres@localhost:5432/postgres?host=$OWN_CLUSTER"
AS_POSTGRES=()
[ "$(id -u)" != 0 ] || AS_POSTGRES=(setpriv --reuid=65534 --regid=65534 --clear-groups)

answers() { "$OWN_BINARIES/bin/pg_isready" -q -h "$OWN_CLUSTER"; }
stop() {
  [ ! -f "$OWN_CLUSTER/data/postmaster.pid" ] || own_postgres_do pg_ctl -D "$OWN_CLUSTER/data" -m immediate -w stop >/dev/null || true
  rm -rf "$OWN_CLUSTER"
}

# The server must not inherit the lock (9) of the run that starts it.
start() { own_postgres_do pg_ctl -D "$OWN_CLUSTER/data" -w -l "$OWN_CLUSTER/log" -o "-k $OWN_CLUSTER -c listen_addresses= $OPTIONS" start >/dev/null 9>&-; }
make() {
  mkdir -p "$OWN_CLUSTER"
  [ "$(id -u)" != 0 ] || chown 65534:65534 "$OWN_CLUSTER"
  own_postgres_do initdb -D "$OWN_CLUSTER/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >/dev/null
  echo "$stamp" >"$OWN_CLUSTER/.made-from"
  start
}

# A test drops its database at its end unless it is killed; the template of its run is never dropped. Their names end in a
# UUIDv7, which begins with the creation time in milliseconds; no test takes an hour.
remove_old_databases() {
  "$OWN_BINARIES/bin/psql" -X -q -d "$URL" >/dev/null <<'SQL'
select format('drop database if exists %I with (force)', datname) from pg_database
where datname ~ '_[0-9a-f]{32}$'
  and to_timestamp(('x' || left(right(datname, 32), 12))::bit(48)::bigint / 1000.0) < now() - interval '1 hour' \gexec
SQL
}

OWN_BINARIES=$("$SETUP/postgres.sh")
stamp="$(cat "$OWN_BINARIES/.stamp") $OPTIONS"
one_at_a_time test-postgres
if [ "${1:-}" = stop ]; then
  stop
  exit
fi
if [ "$(cat "$OWN_CLUSTER/.made-from" 2>/dev/null)" != "$stamp" ]; then
  stop
  make
elif ! answers; then
  start || { stop && make; }
fi
remove_old_databases
echo "$URL"
