#!/usr/bin/env bash
# shellcheck disable=SC2034 # its variables are used where it is sourced
# An instance's database and volumes, for backup and restore. Sourced behind lib.sh, never run.
#
#   PROJECT=name      a compose project (the name given to `docker-compose -p`; by default the folder's name: deploy)
#   DATABASE_URL=URL  a server with a Postgres elsewhere
#   DATA=FOLDER       the data folder of `make up`, with its embedded Postgres (the default)
#
# with_database PROGRAM ARGUMENT…: runs psql, pg_dump or pg_restore of the right version on the instance's database, with
# a role that sees all rows: the superuser, or the owner in the scope `system`.
TOOL_IMAGE=mosaic-base:bookworm # has tar, and exists wherever the agent image was built

service() { docker ps -aq --filter "label=com.docker.compose.project=$PROJECT" --filter "label=com.docker.compose.service=$1"; }

if [ -n "${PROJECT:-}" ]; then
  POSTGRES=$(service postgres)
  [ -n "$POSTGRES" ] || die "no service postgres of a project $PROJECT is there (docker ps; PROJECT=…)"
  # An empty variable means that Postgres runs in that container, where its superuser needs no password.
  with_database() {
    local program=$1
    shift
    # shellcheck disable=SC2016 # expanded inside the container
    docker exec -i -e PGOPTIONS='-c app.scope=system' "$POSTGRES" bash -c \
      'if [ -n "$DATABASE_URL" ]; then exec "$0" -d "$DATABASE_URL" "$@"; else exec "$0" -U postgres -d mosaic "$@"; fi' "$program" "$@"
  }
  EMPTIED=$(docker exec "$POSTGRES" bash -c '[ -n "$DATABASE_URL" ] || echo 1')
else
  CLIENTS=$("$SETUP/postgres.sh")/bin
  home=$DATA/postgres
  url=${DATABASE_URL:-postgres://postgres@localhost/mosaic?host=${home//\//%2F}%2Frun&port=5432}
  EMPTIED=${DATABASE_URL:+}
  [ -n "${DATABASE_URL:-}" ] || EMPTIED=1
  with_database() {
    local program=$1
    shift
    PGOPTIONS='-c app.scope=system' "$CLIENTS/$program" -d "$url" "$@"
  }
fi

# One value of the database.
ask() { with_database psql -X -q -A -t -v ON_ERROR_STOP=1 -c "$1"; }
instance_id() { ask "select value->>'instance' from system_config where key = 'identity'"; }

# objects KIND: names of the instance's containers (ps -a), networks or volumes.
volumes_of() { docker volume ls -q --filter "label=mosaic.instance=$1"; }
