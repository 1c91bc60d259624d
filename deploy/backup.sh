#!/usr/bin/env bash
# Owns: the backup of a running instance: its database, and the agents' volumes. The instance stays available; an agent is
# frozen for the moment in which its volume is read.
#
#   deploy/backup.sh FOLDER     with PROJECT, DATABASE_URL or DATA as described in deploy/setup/instance.sh
#
# The instance's key is NOT in it (MOSAIC_SECRET_KEY, or secret.key in the data folder): keep it elsewhere. Without it the
# providers' keys of a backup cannot be opened; with it a stolen backup can be read.
. "$(dirname "${BASH_SOURCE[0]}")/setup/lib.sh"

to=$(realpath -m "${1:?name a folder: deploy/backup.sh FOLDER}")
[ ! -e "$to" ] || die "$to exists already; a backup never overwrites another one"
. "$SETUP/instance.sh"
instance=$(instance_id) || die "the database does not answer"
[ -n "$instance" ] || die "nothing was ever set up in this database"

umask 077
rm -rf "$to.unfinished"
mkdir -p "$to.unfinished/volumes"
say "==> the database"
with_database pg_dump -Fc --enable-row-security --no-owner --no-privileges >"$to.unfinished/database.dump"

# keep VOLUME: a running container of the same name is paused meanwhile.
keep() {
  local frozen=
  docker volume inspect -f '{{range $k, $v := .Labels}}{{println $k $v}}{{end}}' "$1" | sed '/^$/d' >"$to.unfinished/volumes/$1.labels"
  ! docker pause "$1" >/dev/null 2>&1 || frozen=1
  docker run --rm --network none --read-only --cap-drop ALL --cap-add DAC_READ_SEARCH -v "$1:/data:ro" "$TOOL_IMAGE" \
    tar -C /data --numeric-owner -cf - . | gzip >"$to.unfinished/volumes/$1.tar.gz" || FAILED=$1
  [ -z "$frozen" ] || docker unpause "$1" >/dev/null 2>&1 || true
  [ -z "${FAILED:-}" ] || die "the volume $1 could not be read"
}
count=0
for volume in $(volumes_of "$instance"); do
  keep "$volume"
  count=$((count + 1))
done
say "==> volumes: $count"

# Written last: a folder without it is not a backup.
printf '%s\n' "mosaic backup 1" "instance $instance" "at $(date -u +%FT%TZ)" "volumes $count" >"$to.unfinished/manifest"
sums=$(cd "$to.unfinished" && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum)
printf '%s\n' "$sums" >"$to.unfinished/sums"
mv "$to.unfinished" "$to"
say "Backed up to $to ($(du -sh "$to" | cut -f 1)). The instance's key is not in it: keep it elsewhere."
