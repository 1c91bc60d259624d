#!/usr/bin/env bash
# Owns: `make soak`: ten minutes of the queue with workers killed every 5 s, Postgres restarted twice and frozen
# once, on a Postgres of its own with fsync on. Prints Markdown; fails when the queue breaks a guarantee.
#
#   SOAK_SECONDS=120 SOAK_JOBS=4000   a shorter one (the freeze is a tenth of the time, at most 40 s)
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

"$SETUP/tools.sh"
postgres_dir=$("$SETUP/postgres.sh")
cd "$ROOT"
say "==> cargo: building the soak"
cargo build --locked --quiet -p bench --bin soak

cluster=$(mktemp -d "$MOSAIC_CACHE/soak.XXXXXX")
socket=$(mktemp -d /tmp/mosaic-soak.XXXXXX) # a path of at most 107 bytes
as_postgres=
if [ "$(id -u)" = 0 ]; then # Postgres refuses to run as root
  chown 65534:65534 "$cluster" "$socket"
  as_postgres='setpriv --reuid=65534 --regid=65534 --clear-groups'
fi
# The faults of the database, as a program that the soak can call.
control=$socket/postgres
cat >"$control" <<CONTROL
#!/usr/bin/env bash
set -euo pipefail
cd /
all() { head -n 1 "$cluster/data/postmaster.pid"; pgrep -P "\$(head -n 1 "$cluster/data/postmaster.pid")"; }
case \$1 in
  start | restart | crash)
    mode=fast; act=\$1
    [ "\$1" != crash ] || { mode=immediate; act=restart; }
    $as_postgres "$postgres_dir/bin/pg_ctl" -D "$cluster/data" -w -m "\$mode" -l "$cluster/log" \
      -o "-k $socket -c listen_addresses= -c max_connections=200 -c fsync=on -c synchronous_commit=on" "\$act" ;;
  freeze) for pid in \$(all); do kill -STOP "\$pid"; done ;;
  thaw) for pid in \$(all); do kill -CONT "\$pid"; done ;;
  stop) [ ! -f "$cluster/data/postmaster.pid" ] || { "\$0" thaw || true
    $as_postgres "$postgres_dir/bin/pg_ctl" -D "$cluster/data" -m immediate -w stop; } ;;
esac
CONTROL
chmod +x "$control"
at_exit "\"$control\" stop >/dev/null; rm -rf \"$cluster\" \"$socket\""
# shellcheck disable=SC2086 # several words
(cd / && $as_postgres "$postgres_dir/bin/initdb" -D "$cluster/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 >/dev/null)
"$control" start >/dev/null

export SOAK_DATABASE_URL="postgres://postgres@localhost:5432/postgres?host=$socket" SOAK_POSTGRES=$control
say "==> soaking for ${SOAK_SECONDS:-600} s"
"$TARGET/debug/soak" &
soak=$!
at_exit "kill_tree $soak" # also when this run is interrupted: it has started others
wait "$soak"
