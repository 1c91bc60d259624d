#!/usr/bin/env bash
# Owns: `make bench-idle`: the memory of an idle API, worker and their Postgres. Release build. The
# figures go to stdout as Markdown; docs/BENCHMARKS.md says what they mean.
#
#   IDLE_S=60   seconds to stay idle before measuring
. "$(dirname "${BASH_SOURCE[0]}")/bench.sh"

bench_world 100
DATABASE_URL=$TEST_DATABASE_URL MOSAIC_EMBEDDINGS_DIR=$MOSAIC_TEST_EMBEDDINGS_DIR
MOSAIC_SECRET_KEY=$(head -c 32 /dev/urandom | base64)
export DATABASE_URL MOSAIC_SECRET_KEY MOSAIC_EMBEDDINGS_DIR

mosaic=$MOSAIC_TEST_BIN
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

# resident PID: its resident set; share PID…: its private memory and its part of shared memory. Both in MiB.
resident() { awk '/^VmRSS:/ { printf "%.1f", $2 / 1024 }' "/proc/$1/status"; }
share() {
  local pid
  for pid in "$@"; do cat "/proc/$pid/smaps_rollup"; done | awk '/^Pss:/ { sum += $2 } END { printf "%.1f", sum / 1024 }'
}
postmaster=$(head -1 "$OWN_CLUSTER/data/postmaster.pid")
mapfile -t postgres < <(echo "$postmaster" && pgrep -P "$postmaster")
echo "| idle for ${IDLE_S:-60} s, MiB | resident | its share (PSS) |"
echo "|---|---|---|"
echo "| API | $(resident "$api") | $(share "$api") |"
echo "| worker | $(resident "$worker") | $(share "$worker") |"
echo "| Postgres, all ${#postgres[@]} processes | – | $(share "${postgres[@]}") |"
