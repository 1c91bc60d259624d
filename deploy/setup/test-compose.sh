#!/usr/bin/env bash
# Owns: `make compose-test`: the compose project from its images on, under a name, network and ports of its own: setup,
# first answer, then twenty chats while every container is killed in turn. Takes away all that it made. Prints Markdown.
#
#   REAL=1           the real OpenClaw instead of its stand-in
#   PART=first       only up to the first answer; PART=drill: then back up, wipe, restore; PART=kills: see above
#   PART=tls         instead of all that: a certificate from an ACME authority of the project's own, and a sign-in by https
#   AGENT_IMAGE, STUB_IMAGE=NAME, MOSAIC_SERVER_BIN=FILE   made already
#   SOCKET_PROXY=1   workers behind the filter for Docker's socket
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

"$SETUP/tools.sh"
"$SETUP/docker.sh"
. "$SETUP/compose.sh"
command -v nft >/dev/null || apt_install nftables
quietly "$SETUP/server-images.sh"
if [ "${REAL:-0}" = 1 ]; then
  MOSAIC_TEST_AGENT_IMAGE=${AGENT_IMAGE:-$("$SETUP/agent-image.sh")} AGENT_MEMORY_MIB=2048
else
  MOSAIC_TEST_AGENT_IMAGE=${STUB_IMAGE:-$("$SETUP/stub-image.sh")} AGENT_MEMORY_MIB=128
fi
(cd "$ROOT" && cargo build --quiet --locked --workspace --bins --tests)

MOSAIC_TEST_RUN=compose-$(date +%s)-$$
MOSAIC_SECRET_KEY=$(head -c 32 /dev/urandom | base64)
COMPOSE_PROJECT_NAME=mosaictest$$
MOSAIC_NET=10.80.$(($$ % 250))
SUBNET_POOL=10.81.0.0/20
MOSAIC_LISTEN=127.0.0.1:$((20000 + $$ % 10000))
MOSAIC_URL=http://$MOSAIC_LISTEN
TEST_DOCKER_SOCKET=/var/run/docker.sock
files=(-f "$ROOT/deploy/compose.yaml")
if [ "${SOCKET_PROXY:-0}" = 1 ]; then
  files+=(-f "$ROOT/deploy/compose.socket-proxy.yaml")
  TEST_DOCKER_SOCKET=/run/mosaic/docker/docker.sock
fi
if [ "${PART:=kills}" = tls ]; then
  files+=(-f "$ROOT/deploy/compose.tls.yaml" -f "$ROOT/tests/compose.tls.yaml")
  MOSAIC_HOST=fleet.example.test MOSAIC_TLS_DIR=$(mktemp -d /tmp/mosaic-tls.XXXXXX)
  MOSAIC_TLS=$'tls {\n ca https://ca.example.test/acme/local/directory\n ca_root /run/tls/root.crt\n}'
  MOSAIC_TLS_LISTEN=127.0.0.1:$((30000 + $$ % 10000)) MOSAIC_HTTP_LISTEN=127.0.0.1:$((40000 + $$ % 10000))
  export MOSAIC_HOST MOSAIC_TLS_DIR MOSAIC_TLS MOSAIC_TLS_LISTEN MOSAIC_HTTP_LISTEN
  chmod 755 "$MOSAIC_TLS_DIR"
  at_exit "rm -rf $MOSAIC_TLS_DIR"
fi
files+=(-f "$ROOT/tests/compose.yaml")
export MOSAIC_TEST_RUN MOSAIC_TEST_AGENT_IMAGE AGENT_MEMORY_MIB MOSAIC_SECRET_KEY COMPOSE_PROJECT_NAME MOSAIC_NET \
  SUBNET_POOL MOSAIC_LISTEN MOSAIC_URL TEST_DOCKER_SOCKET
project() { "${COMPOSE[@]}" "${files[@]}" "$@"; }

clean() {
  local mine=label=mosaic.test=$MOSAIC_TEST_RUN tables
  [ "${KEEP_LOGS:-0}" = 0 ] || project logs --no-color >"$KEEP_LOGS" 2>&1
  # The guard leaves its walls standing, as it should. Their name is in the names of what it guards.
  tables=$(docker volume ls -q --filter "$mine" --filter label=mosaic.user | sed 's/^mosaic-\(...\).*/mosaic_guard_\1/' | sort -u)
  project down -v -t 5
  clean_docker
  for table in $tables; do as_root nft delete table inet "$table"; done
}
at_exit 'clean >/dev/null 2>&1'

# by_https PATH…: as a browser that trusts the project's own authority asks.
by_https() {
  local at=${MOSAIC_TLS_LISTEN#*:} path=$1
  shift
  curl -sS -m 10 --cacert "$MOSAIC_TLS_DIR/root.crt" --resolve "$MOSAIC_HOST:$at:127.0.0.1" "https://$MOSAIC_HOST:$at$path" "$@"
}
# tls_holds: there is a certificate that its authority vouches for, plain http leads to it, and a sign-in is safe by it.
tls_holds() {
  local token said
  for _ in $(seq 60); do
    said=$(by_https /readyz -o /dev/null -w '%{http_code}' 2>/dev/null) && [ "$said" = 200 ] && break
    sleep 1
  done
  [ "$said" = 200 ] || { project logs --tail=40 tls ca >&2 && die "no answer by https: $said"; }
  said=$(curl -sS -m 10 -o /dev/null -w '%{http_code} %{redirect_url}' -H "Host: $MOSAIC_HOST" "http://$MOSAIC_HTTP_LISTEN/setup")
  [ "$said" = "308 https://$MOSAIC_HOST/setup" ] || die "plain http does not lead to https: $said"
  token=$(project logs --no-color api | sed -n 's/.*#token=\([A-Za-z0-9_-]*\).*/\1/p' | head -n 1)
  said=$(by_https /api/onboarding/breakglass -o /dev/null -D - -H "X-Setup-Token: $token" --json '{"username": "root", "password": "four words make one"}')
  grep -qi '^set-cookie: __Host-.*; Secure' <<<"$said" || die "no safe cookie by https: $said"
  say "    by https: certificate by ACME, http leads there, signed in with a cookie that stays there"
}

began=$SECONDS
if [ "$PART" = tls ]; then
  step "docker-compose up: an ACME authority" project up -d ca
  until docker cp "$(project ps -q ca):/tmp/ca/pki/authorities/local/root.crt" "$MOSAIC_TLS_DIR/" 2>/dev/null; do sleep 1; done
  chmod 644 "$MOSAIC_TLS_DIR/root.crt"
fi
step "docker-compose up: postgres, migrate, guard, 2 api, 3 worker, proxy" project up -d --scale worker=3 --scale api=2
for _ in $(seq 120); do
  curl -fs -o /dev/null -m 2 "$MOSAIC_URL/readyz" && break
  sleep 0.5
done
curl -fsS -o /dev/null -m 5 "$MOSAIC_URL/readyz" || { project logs --tail=30 >&2 && die "the project does not get ready"; }
say "    it answers after $((SECONDS - began)) s"

if [ "$PART" = tls ]; then
  tls_holds
  exit
fi

DATABASE_URL=$(project exec -T postgres cat /run/mosaic/database/url)
export DATABASE_URL COMPOSE_URL=$MOSAIC_URL PART
say "==> people (several minutes)"
"$TARGET/debug/compose" || { project logs --tail=100 >&2 && die "the project did not hold"; }
