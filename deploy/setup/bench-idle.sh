#!/usr/bin/env bash
# Owns: `make bench-idle`: the memory of an API, a worker and their Postgres while nobody does anything. Release build. The
# figures go to stdout as Markdown; docs/BENCHMARKS.md says what they mean.
#
#   IDLE_S=60   how long nobody does anything before it is read
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$SETUP/own-postgres.sh"

"$SETUP/tools.sh"
"$SETUP/docker.sh"
postgres_dir=$("$SETUP/postgres.sh")
MOSAIC_EMBEDDINGS_DIR=$("$SETUP/embeddings.sh")
cd "$ROOT"
say "==> cargo: release build (many minutes the first time)"
cargo build --locked --quiet --release -p mosaic -p tests --bins # as in bench-fleet.sh, so that nothing is built twice

cluster=$(mktemp -d "$MOSAIC_CACHE/bench.XXXXXX")
socket=$(mktemp -d /tmp/mosaic-bench.XXXXXX) # a path of at most 107 bytes
own_postgres "$postgres_dir" "$cluster" "$socket" "" ""
DATABASE_URL=$DATABASE_OF_ONES_OWN
MOSAIC_SECRET_KEY=$(head -c 32 /dev/urandom | base64)
export DATABASE_URL MOSAIC_SECRET_KEY MOSAIC_EMBEDDINGS_DIR

mosaic=$TARGET/release/mosaic
"$mosaic" migrate >/dev/null 2>&1
"$mosaic" api --listen 127.0.0.1:18980 --listen-internal 127.0.0.1:18981 >/dev/null 2>&1 &
api=$!
"$mosaic" worker --internal-port 18981 >/dev/null 2>&1 &
worker=$!
at_exit "kill $api $worker"
for _ in $(seq 100); do
  curl -fs -o /dev/null -m 1 http://127.0.0.1:18980/readyz && break
  sleep 0.1
done
curl -fsS -o /dev/null http://127.0.0.1:18980/setup
sleep "${IDLE_S:-60}"

# resident PID: its resident set; share PID…: what is its own, and its part of what is shared. Both in MiB.
resident() { awk '/^VmRSS:/ { printf "%.1f", $2 / 1024 }' "/proc/$1/status"; }
share() {
  local pid
  for pid in "$@"; do cat "/proc/$pid/smaps_rollup"; done | awk '/^Pss:/ { sum += $2 } END { printf "%.1f", sum / 1024 }'
}
postmaster=$(head -1 "$cluster/data/postmaster.pid")
mapfile -t postgres < <(echo "$postmaster" && pgrep -P "$postmaster")
echo "| idle for ${IDLE_S:-60} s, MiB | resident | its share (PSS) |"
echo "|---|---|---|"
echo "| API | $(resident "$api") | $(share "$api") |"
echo "| worker | $(resident "$worker") | $(share "$worker") |"
echo "| Postgres, all ${#postgres[@]} processes | – | $(share "${postgres[@]}") |"
