#!/usr/bin/env bash
# Owns: `make compose-test`: builds the images, starts a compose project of its own, sets it up, waits for the first answer,
# then kills every container in turn during twenty chats. Removes everything it made. Prints Markdown.
#
#   PART=first       only up to the first answer; PART=drill: then back up, delete, restore; PART=kills: as above (default)
#   PART=tls         instead of all that: a certificate from an ACME authority in the project, and a sign-in by https
#   AGENT_IMAGE, STUB_IMAGE=NAME, MOSAIC_SERVER_BIN=FILE   use these instead of building them
#   REAL=1, SOCKET_PROXY=1, KEEP_LOGS=FILE   see test-project.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$SETUP/test-project.sh"

images=$("$SETUP/server-images.sh")
MOSAIC_TEST_AGENT_IMAGE=$(test_agent_image)
export MOSAIC_TEST_AGENT_IMAGE
build_drivers

tls=()
if [ "${PART:=kills}" = tls ]; then
  tls=(-f "$ROOT/deploy/compose.tls.yaml" -f "$ROOT/tests/compose.tls.yaml")
  MOSAIC_HOST=fleet.example.test MOSAIC_TLS_DIR=$(mktemp -d /tmp/mosaic-tls.XXXXXX)
  MOSAIC_TLS=$'tls {\n ca https://ca.example.test/acme/local/directory\n ca_root /run/tls/root.crt\n}'
  MOSAIC_TLS_LISTEN=127.0.0.1:$((30000 + $$ % 10000)) MOSAIC_HTTP_LISTEN=127.0.0.1:$((40000 + $$ % 10000))
  export MOSAIC_HOST MOSAIC_TLS_DIR MOSAIC_TLS MOSAIC_TLS_LISTEN MOSAIC_HTTP_LISTEN
  chmod 755 "$MOSAIC_TLS_DIR"
  at_exit "rm -rf $MOSAIC_TLS_DIR"
fi
project_files "$ROOT" "${tls[@]}"
at_exit 'remove_project >/dev/null 2>&1'
# shellcheck disable=SC2086 # one image a line
tag_images $images

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
step "docker-compose up: postgres, migrate, guard, 2 api, 3 worker, proxy" project_up
project_ready
say "    it answers after $((SECONDS - began)) s"

if [ "$PART" = tls ]; then
  tls_holds
  exit
fi

export PART
say "==> people (several minutes)"
"$TARGET/debug/compose" || { project logs --tail=100 >&2 && die "the project did not hold"; }
