#!/usr/bin/env bash
# Owns: `make upgrade-test`: starts a compose project of the release before this tree, fills it, and upgrades it to this tree
# during twenty chats, as docs/OPERATIONS.md describes it. Removes everything it made. Prints Markdown.
#
#   AGENT_IMAGE, STUB_IMAGE=NAME, MOSAIC_SERVER_BIN=FILE   use these for this tree instead of building them
#   REAL=1, SOCKET_PROXY=1, KEEP_LOGS=FILE   see test-project.sh
#
# The driver (tests/src/bin/upgrade) plays the users, and runs this script again for each step of the upgrade.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$SETUP/test-project.sh"

# run_step NAME: what an operator runs. `git pull` is the change from the one tree to the other.
run_step() {
  case $1 in
  backup) PROJECT=$COMPOSE_PROJECT_NAME "$UPGRADE_FROM/deploy/backup.sh" "$UPGRADE_BACKUP" ;;
  images) tag_images "$UPGRADE_SERVER" "$UPGRADE_POSTGRES" "$UPGRADE_PROXY" ;;
  roll) PROJECT=$COMPOSE_PROJECT_NAME "$ROOT/deploy/roll.sh" "${files[@]}" ;;
  up) project_up ;;
  doctor) project run --rm doctor ;;
  *) die "no such step: $1" ;;
  esac
}
if [ "$#" -gt 0 ]; then
  # The driver has it to reach the database; the project would take it for a Postgres elsewhere.
  unset DATABASE_URL
  export MOSAIC_TEST_AGENT_IMAGE=$UPGRADE_AGENT
  project_files "$ROOT"
  run_step "$1"
  exit
fi

mapfile -t old < <("$SETUP/release-before.sh")
[ "${#old[@]}" = 5 ] || die "the images of the release before could not be made"
mapfile -t new < <("$SETUP/server-images.sh")
[ "${#new[@]}" = 3 ] || die "the images of this tree could not be made"
UPGRADE_AGENT=$(test_agent_image)
build_drivers

UPGRADE_SCRIPT=$(realpath "${BASH_SOURCE[0]}")
UPGRADE_FROM=${old[0]}/tree
UPGRADE_BACKUP=$(mktemp -d /tmp/mosaic-upgrade.XXXXXX)/backup
UPGRADE_SERVER=${new[0]} UPGRADE_POSTGRES=${new[1]} UPGRADE_PROXY=${new[2]}
MOSAIC_TEST_AGENT_IMAGE=${old[4]}
export UPGRADE_SCRIPT UPGRADE_FROM UPGRADE_BACKUP UPGRADE_SERVER UPGRADE_POSTGRES UPGRADE_PROXY UPGRADE_AGENT MOSAIC_TEST_AGENT_IMAGE
at_exit "rm -rf $(dirname "$UPGRADE_BACKUP")"
at_exit 'remove_project >/dev/null 2>&1'

project_files "$UPGRADE_FROM"
tag_images "${old[@]:1:3}"
step "docker-compose up: the release before (${old[0]##*/})" project_up
project_ready

say "==> users, chats and the upgrade (several minutes)"
"$TARGET/debug/upgrade" || { project logs --tail=40 >&2 && die "the upgrade test failed"; }
