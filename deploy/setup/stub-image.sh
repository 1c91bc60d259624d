#!/usr/bin/env bash
# Owns: the image mosaic-stub-agent:dev, a small stand-in for the agent in tests, also tagged with the
# hash of its inputs. A second run with the same inputs does nothing. The last line on stdout is the tag
# with the hash: the tests of one clone never use the image of another.
#
#   MOSAIC_STUB_BIN=FOLDER   static mosaic-entrypoint and stub-agent made elsewhere (default: cargo)
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

if [ -z "${MOSAIC_STUB_BIN:-}" ]; then
  static_build mosaic-entrypoint stub-agent
  MOSAIC_STUB_BIN=$STATIC_BIN
fi

one_at_a_time stub-image
context=$(mktemp -d)
trap 'rm -rf "$context"' EXIT
cp "$ROOT/deploy/stub-agent/Dockerfile" "$MOSAIC_STUB_BIN/mosaic-entrypoint" "$MOSAIC_STUB_BIN/stub-agent" "$context/"
mkdir -p "$context"/rootfs/{data,home/claw,run/mosaic,tmp}
chmod 0700 "$context"/rootfs/{data,home/claw,run/mosaic}
chmod 1777 "$context/rootfs/tmp"
tar --create --file "$context/rootfs.tar" --sort=name --mtime=@0 --numeric-owner --owner=0 --group=0 -C "$context/rootfs" --no-recursion home run tmp
tar --append --file "$context/rootfs.tar" --sort=name --mtime=@0 --numeric-owner --owner=10001 --group=10001 -C "$context/rootfs" data home/claw run/mosaic
rm -r "$context/rootfs"

inputs=$(inputs_of "$context")
tag=mosaic-stub-agent:$inputs
if ! image_made_from "$tag" "$inputs"; then
  step "stub agent image $tag" env DOCKER_BUILDKIT=0 docker build --force-rm -t "$tag" -t mosaic-stub-agent:dev --label "mosaic.inputs=$inputs" "$context"
fi
echo "$tag"
