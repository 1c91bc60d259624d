#!/usr/bin/env bash
# Owns: replacing the containers of APIs and workers one after the other, so that some are always up: after `make images`
# for an upgrade, or as a rolling restart. The migration runs first, while the old ones still work.
#
#   PROJECT=name deploy/roll.sh COMPOSE_OPTION…      deploy/roll.sh -f deploy/compose.yaml
#
# (PROJECT is the name given to `docker-compose -p`; by default the folder's name: deploy.)
. "$(dirname "${BASH_SOURCE[0]}")/setup/lib.sh"
. "$SETUP/compose.sh"

export COMPOSE_PROJECT_NAME=${PROJECT:-${COMPOSE_PROJECT_NAME:-deploy}}
project() { "${COMPOSE[@]}" "${OPTIONS[@]}" "$@"; }
OPTIONS=("$@")
of() { docker ps -q --filter "label=com.docker.compose.project=$COMPOSE_PROJECT_NAME" --filter "label=com.docker.compose.service=$1"; }
health() { docker inspect -f '{{.State.Health.Status}}' "$1"; }

healthy() {
  local tries
  for tries in $(seq 180); do
    [ "$(health "$1")" != healthy ] || return 0
    [ "$tries" != 20 ] || say "    waiting for $1 …"
    sleep 1
  done
  die "$1 does not become healthy: docker logs $1. The old ones still run"
}

# Starts one new container beside the old ones. When it is healthy, the oldest stops in order: its work is finished or handed over.
roll() {
  local service=$1 old all
  mapfile -t old < <(of "$service")
  [ "${#old[@]}" -gt 0 ] || die "no $service runs in the project $COMPOSE_PROJECT_NAME (PROJECT=…)"
  for container in "${old[@]}"; do
    all=$(of "$service")
    project up -d --no-deps --no-recreate --scale "$service=$((${#old[@]} + 1))" "$service" >/dev/null 2>&1
    for new in $(of "$service"); do grep -q "$new" <<<"$all" || healthy "$new"; done
    docker stop -t 40 "$container" >/dev/null
    docker rm "$container" >/dev/null
    say "    $service: $container replaced"
  done
}

say "==> migration, while the old ones still work"
project up -d --no-deps migrate >/dev/null 2>&1
migrate=$(docker ps -aq --filter "label=com.docker.compose.project=$COMPOSE_PROJECT_NAME" --filter label=com.docker.compose.service=migrate)
[ "$(docker wait "$migrate")" = 0 ] || die "the migration failed: docker logs $migrate. The old processes still run"
for service in api worker; do
  say "==> $service"
  roll "$service"
done
say "==> the guard (the isolation stays in force meanwhile)"
project up -d --no-deps guard >/dev/null 2>&1
say "Done. The proxy and Postgres are left alone: 'up -d' replaces them where their images changed."
