#!/usr/bin/env bash
# Owns: the images of the release before this tree, built by its own scripts in $MOSAIC_CACHE/releases/<commit>: `tree` has
# its files, `bin` its binaries. The commit is in deploy/setup/release-before. The first run takes many minutes; the next
# one does nothing. Prints the folder, then the images of server, postgres, proxy and agent.
#
#   REAL=1   the agent image is the real OpenClaw instead of its stub
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

commit=$(grep -v '^#' "$SETUP/release-before")
[[ $commit =~ ^[0-9a-f]{40}$ ]] || die "deploy/setup/release-before must contain the full id of one commit, not: $commit"
release=$MOSAIC_CACHE/releases/$commit
scripts=$release/tree/deploy/setup
# All releases share it, so that the next one finds its dependencies built.
export CARGO_TARGET_DIR=$MOSAIC_CACHE/releases/target

# Both fill a folder under another name first, so that a run that was killed is repeated.
unpack() {
  rm -rf "$release/tree.unfinished"
  mkdir -p "$release/tree.unfinished"
  git -C "$ROOT" archive "$commit" | tar -x -C "$release/tree.unfinished"
  mv "$release/tree.unfinished" "$release/tree"
}
build() {
  rm -rf "$release/bin.unfinished"
  mkdir "$release/bin.unfinished"
  "$scripts/ui.sh"
  (cd "$release/tree" && cargo build --quiet --locked --release -p mosaic)
  # shellcheck disable=SC2016 # expanded by the shell that sources the other lib.sh
  bash -c '. "$0" && static_build mosaic-entrypoint stub-agent && cp "$STATIC_BIN"/{mosaic-entrypoint,stub-agent} "$1"' \
    "$scripts/lib.sh" "$release/bin.unfinished/"
  cp "$CARGO_TARGET_DIR/release/mosaic" "$release/bin.unfinished/"
  rm -rf "$release/tree/ui/node_modules"
  mv "$release/bin.unfinished" "$release/bin"
}

# The scripts also move names like mosaic-server:local to the images that they build.
image_names() { docker images --no-trunc --filter 'reference=mosaic-*:*' --format '{{.Repository}}:{{.Tag}} {{.ID}}'; }
# restore_names BEFORE IMAGE…: moves them back to what they were before. The tags with a hash stay.
restore_names() {
  local before=$1 built name id old
  shift
  built=$(docker image inspect -f '{{.Id}}' "$@")
  image_names | while read -r name id; do
    if ! grep -qxF "$id" <<<"$built" || printf '%s\n' "$@" | grep -qxF "$name"; then continue; fi
    old=$(sed -n "s/^$name //p" <<<"$before")
    if [ -n "$old" ]; then docker tag "$old" "$name"; else docker rmi "$name" >/dev/null; fi
  done
}

make_images() {
  local before agent
  before=$(image_names)
  export MOSAIC_SERVER_BIN=$release/bin/mosaic MOSAIC_ENTRYPOINT_BIN=$release/bin/mosaic-entrypoint MOSAIC_STUB_BIN=$release/bin
  if [ "${REAL:-0}" = 1 ]; then agent=$("$scripts/agent-image.sh"); else agent=$("$scripts/stub-image.sh"); fi
  images=$(AGENT_IMAGE=$agent "$scripts/server-images.sh" && echo "$agent")
  # shellcheck disable=SC2086 # one image a line
  restore_names "$before" $images
  echo "$images" >"$list"
}

one_at_a_time release-before
if [ ! -d "$release/tree" ]; then
  git -C "$ROOT" cat-file -e "$commit^{commit}" 2>/dev/null || die "this clone does not contain the release before this tree, commit $commit.
Remedy: fetch it. In a shallow clone: git fetch --unshallow. Else: git fetch origin $commit"
  step "the release before: unpacking $commit" unpack
fi
[ -d "$release/bin" ] || step "the release before: building it (many minutes, once)" build

list=$release/images
[ "${REAL:-0}" = 0 ] || list=$release/images-real
images=$(cat "$list" 2>/dev/null) || images=
# shellcheck disable=SC2086 # one image a line
if [ -z "$images" ] || ! docker image inspect $images >/dev/null 2>&1; then make_images; fi
printf '%s\n' "$release" "$images"
