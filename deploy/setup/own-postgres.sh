#!/usr/bin/env bash
# shellcheck disable=SC2034 # its variable is used where it is sourced
# own_postgres BINARIES CLUSTER SOCKET INITDB_OPTIONS OPTIONS: starts a private Postgres, which is stopped and
# removed when the script ends. It listens on a socket in a folder of its own: no port conflicts, no password, and no
# other user. Sourced after lib.sh, never run. Sets OWN_DATABASE_URL, a superuser's URL.
#
# The socket's path must stay short (107 bytes), so SOCKET is not under TMPDIR; CLUSTER may be the same folder.
own_postgres() {
  OWN_BINARIES=$1 OWN_CLUSTER=$2 OWN_SOCKET=$3
  local initdb=$4 options=$5
  AS_POSTGRES=()
  if [ "$(id -u)" = 0 ]; then # Postgres refuses to run as root
    chown 65534:65534 "$OWN_CLUSTER" "$OWN_SOCKET"
    AS_POSTGRES=(setpriv --reuid=65534 --regid=65534 --clear-groups)
  fi
  at_exit own_postgres_stop
  # shellcheck disable=SC2086 # several options
  own_postgres_do initdb -D "$OWN_CLUSTER/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 $initdb >/dev/null
  own_postgres_do pg_ctl -D "$OWN_CLUSTER/data" -w -l "$OWN_CLUSTER/log" \
    -o "-k $OWN_SOCKET -c listen_addresses= $options" start >/dev/null
  OWN_DATABASE_URL="postgres://postgres@localhost:5432/postgres?host=$OWN_SOCKET"
}
own_postgres_do() { (cd / && "${AS_POSTGRES[@]}" "$OWN_BINARIES/bin/$1" "${@:2}"); }
own_postgres_stop() {
  [ ! -f "$OWN_CLUSTER/data/postmaster.pid" ] || own_postgres_do pg_ctl -D "$OWN_CLUSTER/data" -m immediate -w stop >/dev/null
  rm -rf "$OWN_CLUSTER" "$OWN_SOCKET"
}
