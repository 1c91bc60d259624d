#!/usr/bin/env bash
# Owns: `make down`: stops the Mosaic that `make up` started on this data folder, and waits for
# it: running answers are finished or handed over first.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

pid=$(running) || { say "Mosaic does not run on $DATA"; exit; }
kill -TERM "$pid"
for second in $(seq 90); do
  # Not by its pid alone: without an init that reaps zombies (in some containers) the pid stays.
  running >/dev/null || { rm -f "$DATA/mosaic.pid"; say "Mosaic stopped (pid $pid)"; exit; }
  [ "$second" != 5 ] || say "    still finishing its work …"
  sleep 1
done
die "pid $pid still runs after 90 s; look at $DATA/mosaic.log (nothing was killed)"
