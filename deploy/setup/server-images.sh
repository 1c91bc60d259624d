#!/usr/bin/env bash
# Owns: the images of a compose project, mosaic-{server,postgres,proxy}: each tagged with the hash of all its inputs,
# with the version of Mosaic, and `local`, which deploy/compose.yaml uses. A second run with the same inputs does
# nothing. Prints the tags with the hash.
#
#   MOSAIC_SERVER_BIN=FILE       a mosaic made elsewhere, for Debian 12's C library (default: cargo builds it)
#   AGENT_IMAGE=NAME             the image of agents (default: the result of agent-image.sh)
#   MOSAIC_CA_BUNDLE=FILE|none   see base-image.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$SETUP/base-image.sh"

[ "$(uname -m)" = x86_64 ] || die "Postgres and the embedding model are pinned for x86_64; this is $(uname -m)"
version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' "$ROOT/Cargo.toml")

agent=${AGENT_IMAGE:-$("$SETUP/agent-image.sh")}
binary=${MOSAIC_SERVER_BIN:-}
if [ -z "$binary" ]; then
  "$SETUP/ui.sh"
  [ -x "$TARGET/release/mosaic" ] || say "==> cargo: release build of mosaic (several minutes the first time)"
  (cd "$ROOT" && cargo build --quiet --locked --release -p mosaic)
  binary=$TARGET/release/mosaic
fi
postgres=$("$SETUP/postgres.sh")
embeddings=$("$SETUP/embeddings.sh")

one_at_a_time server-images
contexts=$(mktemp -d)
at_exit "rm -rf $contexts"

# image NAME WHAT OPTION…: builds $contexts/NAME, unless it was built from the same inputs.
image() {
  local name=$1 what=$2 inputs tag
  shift 2
  inputs=$({ inputs_of "$contexts/$name" && printf '%s\n' "$@"; } | sha256sum | cut -c 1-12)
  tag=mosaic-$name:$inputs
  if ! image_made_from "$tag" "$inputs"; then
    make_base
    step "image $tag: $what" env DOCKER_BUILDKIT=0 docker build --force-rm --build-arg "BASE=$BASE" "$@" \
      --label "mosaic.inputs=$inputs" -t "$tag" "$contexts/$name"
  fi
  docker tag "$tag" "mosaic-$name:$version"
  docker tag "$tag" "mosaic-$name:local"
  echo "$tag"
}

mkdir "$contexts"/{server,server/embeddings,postgres,proxy}
extra_ca "$contexts/server/ca"
cp -R "$contexts/server/ca" "$contexts/proxy/ca"

cp "$ROOT/deploy/server/Dockerfile" "$contexts/server/"
[ -z "$embeddings" ] || cp "$embeddings"/* "$contexts/server/embeddings/"
install -m 0755 "$binary" "$contexts/server/mosaic"

cp "$ROOT"/deploy/postgres/{Dockerfile,start.sh} "$contexts/postgres/"
cp -a "$postgres" "$contexts/postgres/postgres"

cp "$ROOT"/deploy/proxy/{Dockerfile,haproxy.cfg,Caddyfile,away.http,lost.http} "$contexts/proxy/"
cp "$ROOT/deploy/socket-proxy/haproxy.cfg" "$contexts/proxy/docker.cfg"

image server "the binary on Debian, with the embedding model" --build-arg "AGENT_IMAGE=$agent"
image postgres "the pinned Postgres with pgvector on Debian"
image proxy "Debian's HAProxy and Caddy"
