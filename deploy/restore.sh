#!/usr/bin/env bash
# Owns: replacing the database and the agents' volumes by a backup. What was there before is LOST.
#
#   deploy/restore.sh FOLDER    with PROJECT, DATABASE_URL or DATA as described in deploy/setup/instance.sh; YES=1 asks nothing
#
# In a compose project all services except postgres are stopped, and started again afterwards. Otherwise stop Mosaic first
# (`make down`) and start it afterwards (`make up`). A DATABASE_URL must name an empty database. The key must be that of the
# backup. The migration that follows updates an older backup.
. "$(dirname "${BASH_SOURCE[0]}")/setup/lib.sh"

from=$(realpath -m "${1:?name a folder: deploy/restore.sh FOLDER}")
grep -qx 'mosaic backup 1' "$from/manifest" 2>/dev/null || die "$from is not a backup"
(cd "$from" && sha256sum --check --quiet sums) || die "$from is damaged"
instance=$(sed -n 's/^instance //p' "$from/manifest")
. "$SETUP/instance.sh"
if [ "${YES:-0}" != 1 ]; then
  read -r -p "Everything of this instance is replaced by the backup $(sed -n 's/^at /of /p' "$from/manifest"). Type yes: " answer
  [ "$answer" = yes ] || die "nothing was done"
fi

OTHERS=(proxy api worker guard)
if [ -n "${PROJECT:-}" ]; then
  for name in "${OTHERS[@]}"; do service "$name"; done | xargs -r docker stop -t 40 >/dev/null
elif [ -z "${DATABASE_URL:-}" ]; then
  ! running >/dev/null || die "Mosaic runs: make down DATA=$DATA"
  [ -d "$DATA/postgres/data" ] || die "no database in $DATA: put the backup's secret.key there, then 'make up' and 'make down' once"
  AS=()
  [ "$(id -u)" != 0 ] || AS=(setpriv "--reuid=$(stat -c %u "$DATA/postgres/data")" "--regid=$(stat -c %g "$DATA/postgres/data")" --clear-groups)
  pg_ctl() { (cd / && "${AS[@]}" "$CLIENTS/pg_ctl" -D "$DATA/postgres/data" -w -m fast "$@" >/dev/null); }
  pg_ctl status || { pg_ctl -o "-k $DATA/postgres/run -c listen_addresses=" start && at_exit 'pg_ctl stop'; }
fi

say "==> the database"
if [ -n "$EMPTIED" ]; then
  with_database psql -X -q -v ON_ERROR_STOP=1 <<'SQL'
set client_min_messages = warning;
do $$ begin
  perform pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid();
  drop schema public cascade;
  create schema public authorization pg_database_owner;
  grant usage on schema public to public;
  create extension vector;
end $$;
SQL
elif [ "$(ask "select count(*) from pg_tables where schemaname = current_schema()")" != 0 ]; then
  die "the database of DATABASE_URL is not empty: create a new one, with the extension vector, and use that"
fi
# Everything except the extension itself, which only a superuser may change. The migration restores rights.
with_database pg_restore -l <"$from/database.dump" >/dev/null || die "the dump cannot be read"
owner=$(ask "select pg_get_userbyid(datdba) from pg_database where datname = current_database()")
with_database pg_restore --no-owner --role="$owner" --no-privileges --no-comments --exit-on-error --single-transaction <"$from/database.dump"

say "==> volumes"
docker ps -aq --filter "label=mosaic.instance=$instance" | xargs -r docker rm -f -v >/dev/null
docker network ls -q --filter "label=mosaic.instance=$instance" | xargs -r docker network rm >/dev/null
volumes_of "$instance" | xargs -r docker volume rm >/dev/null
for labels in "$from"/volumes/*.labels; do
  [ -e "$labels" ] || continue
  volume=$(basename "$labels" .labels)
  mapfile -t options < <(sed 's/^\([^ ]*\) /--label\n\1=/' "$labels")
  docker volume create "${options[@]}" "$volume" >/dev/null
  gzip -dc "$from/volumes/$volume.tar.gz" | docker run --rm -i --network none --read-only --cap-drop ALL \
    --cap-add CHOWN --cap-add DAC_OVERRIDE --cap-add FOWNER -v "$volume:/data" "$TOOL_IMAGE" \
    tar -C /data --numeric-owner -xpf -
done

if [ -n "${PROJECT:-}" ]; then
  say "==> migration, then the other services"
  docker start -a "$(service migrate)" >/dev/null
  for name in guard api worker proxy; do service "$name"; done | xargs -r docker start >/dev/null
  say "Restored. The services are starting: docker ps"
else
  say "Restored. Start Mosaic now, with the key of the backup."
fi
