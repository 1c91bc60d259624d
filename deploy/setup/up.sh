#!/usr/bin/env bash
# Owns: `make up`: everything between a fresh clone and a running Mosaic. What is already done is
# skipped, so a second run takes seconds.
#
#   DATA=FOLDER        the data folder (database, key, logs)       LISTEN=HOST:PORT   default 127.0.0.1:8080
#   DATABASE_URL=URL   your own Postgres                           DETACH=1           in the background
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

url=http://${LISTEN/#0.0.0.0:/127.0.0.1:}
if pid=$(running); then
  say "Mosaic runs already: $url (pid $pid, data in $DATA)"
  exit
fi

"$SETUP/tools.sh"
"$SETUP/docker.sh"
beside "the agent image" quietly "$SETUP/agent-image.sh"
# The guard, which isolates agents from the host and each other, needs `nft`.
[ "$(id -u)" != 0 ] || command -v nft >/dev/null || apt_install nftables
postgres=()
if [ -z "${DATABASE_URL:-}${DATABASE_URL_FILE:-}" ]; then
  folder=$("$SETUP/postgres.sh")
  postgres=(--postgres-dir "$folder")
fi
MOSAIC_EMBEDDINGS_DIR=$("$SETUP/embeddings.sh")
export MOSAIC_EMBEDDINGS_DIR
"$SETUP/ui.sh"
[ -x "$TARGET/release/mosaic" ] || say "==> cargo: release build of mosaic (several minutes the first time)"
(cd "$ROOT" && cargo build --locked --release -p mosaic)
join
MOSAIC_AGENT_IMAGE=$("$SETUP/agent-image.sh")
export MOSAIC_AGENT_IMAGE

# The embedded Postgres, which runs as uid 65534 under root, must be able to enter.
mkdir -p "$DATA"
chmod a+x "$DATA"
command=("$TARGET/release/mosaic" up --data-dir "$DATA" "${postgres[@]}" --listen "$LISTEN")

if [ "${DETACH:-0}" != 1 ]; then
  echo $$ >"$DATA/mosaic.pid"
  exec "${command[@]}"
fi

umask 077 # the log shows the setup link
log=$DATA/mosaic.log
from=$(($(stat -c %s "$log" 2>/dev/null || echo 0) + 1))
setsid nohup "${command[@]}" >>"$log" 2>&1 </dev/null &
echo $! >"$DATA/mosaic.pid"
for _ in $(seq 240); do
  pid=$(running) || break
  if curl -fs -o /dev/null -m 2 "$url/readyz"; then
    say "Mosaic runs: $url (pid $pid, log $log; stop it by: make down)"
    # When setup is already done there is no link; that is not a failure.
    tail -c "+$from" "$log" | sed -n 's/.*\(http[^" ]*\/setup#token=[^" ]*\).*/Set it up here: \1/p' | tail -n 1 >&2
    exit
  fi
  sleep 0.5
done
tail -n 30 "$log" >&2
die "Mosaic did not become ready; its log: $log"
