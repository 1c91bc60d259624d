#!/usr/bin/env bash
# shellcheck disable=SC2034 # its variables are used where it is sourced
# A compose project for a test, with its own name, network, ports and image tag. Sourced behind lib.sh by test-compose.sh
# and test-upgrade.sh, never run. Prepares the machine, and exports what the compose files and the driver
# (tests/src/project.rs) read.
#
#   REAL=1           the real OpenClaw instead of its stub
#   SOCKET_PROXY=1   workers behind the filter for Docker's socket
#   KEEP_LOGS=FILE   write the project's logs there before it is removed
. "$SETUP/compose.sh"

# test-upgrade.sh runs itself again for each step; everything is set then.
if [ -z "${MOSAIC_TEST_RUN:-}" ]; then
  "$SETUP/tools.sh"
  "$SETUP/docker.sh"
  command -v nft >/dev/null || apt_install nftables
  MOSAIC_TEST_RUN=compose-$(date +%s)-$$
  MOSAIC_SECRET_KEY=$(head -c 32 /dev/urandom | base64)
  COMPOSE_PROJECT_NAME=mosaictest$$
  # Not `local`: another test or `make images` may move it meanwhile.
  MOSAIC_TAG=test-$$
  MOSAIC_NET=10.80.$(($$ % 250))
  SUBNET_POOL=10.81.0.0/20
  MOSAIC_LISTEN=127.0.0.1:$((20000 + $$ % 10000))
  MOSAIC_URL=http://$MOSAIC_LISTEN
  TEST_DOCKER_SOCKET=/var/run/docker.sock
  [ "${SOCKET_PROXY:-0}" = 0 ] || TEST_DOCKER_SOCKET=/run/mosaic/docker/docker.sock
  AGENT_MEMORY_MIB=128
  [ "${REAL:-0}" = 0 ] || AGENT_MEMORY_MIB=2048
  export MOSAIC_TEST_RUN MOSAIC_SECRET_KEY COMPOSE_PROJECT_NAME MOSAIC_TAG MOSAIC_NET SUBNET_POOL MOSAIC_LISTEN \
    MOSAIC_URL TEST_DOCKER_SOCKET AGENT_MEMORY_MIB
fi

# project_files TREE [OPTION…]: sets `files`, the compose files of a tree; the options come before the test's own file.
project_files() {
  local tree=$1
  shift
  files=(-f "$tree/deploy/compose.yaml")
  [ "${SOCKET_PROXY:-0}" = 0 ] || files+=(-f "$tree/deploy/compose.socket-proxy.yaml")
  files+=("$@" -f "$tree/tests/compose.yaml")
}

# project ARGUMENT…: docker-compose with these files.
project() { "${COMPOSE[@]}" "${files[@]}" "$@"; }

# test_agent_image: prints the agent image that the test uses, and builds it if need be.
test_agent_image() {
  local image
  if [ "${REAL:-0}" = 1 ]; then
    image=${AGENT_IMAGE:-$("$SETUP/agent-image.sh")}
  else
    image=${STUB_IMAGE:-$("$SETUP/stub-image.sh")}
  fi
  echo "$image"
}

# tag_images IMAGE…: makes these images of server, postgres and proxy those of the project.
tag_images() {
  local image
  for image; do docker tag "$image" "${image%%:*}:$MOSAIC_TAG"; done
}

project_up() { project up -d --scale worker=3 --scale api=2; }

# project_ready: waits until the project answers, and exports what the driver needs.
project_ready() {
  for _ in $(seq 120); do
    curl -fs -o /dev/null -m 2 "$MOSAIC_URL/readyz" && break
    sleep 0.5
  done
  curl -fsS -o /dev/null -m 5 "$MOSAIC_URL/readyz" || { project logs --tail=30 >&2 && die "the project does not become ready"; }
  DATABASE_URL=$(project exec -T postgres cat /run/mosaic/database/url)
  export DATABASE_URL COMPOSE_URL=$MOSAIC_URL
}

build_drivers() { (cd "$ROOT" && cargo build --quiet --locked --workspace --bins --tests); }

remove_project() {
  local mine=label=mosaic.test=$MOSAIC_TEST_RUN tables
  [ "${KEEP_LOGS:-0}" = 0 ] || project logs --no-color >"$KEEP_LOGS" 2>&1
  # The guard leaves its packet filter in force when it ends. The filter's name is part of the names of agents' volumes.
  tables=$(docker volume ls -q --filter "$mine" --filter label=mosaic.user | sed 's/^mosaic-\(...\).*/mosaic_guard_\1/' | sort -u)
  project down -v -t 5
  clean_docker
  for table in $tables; do as_root nft delete table inet "$table"; done
  docker images --filter "reference=mosaic-*:$MOSAIC_TAG" --format '{{.Repository}}:{{.Tag}}' | xargs -r docker rmi
}
