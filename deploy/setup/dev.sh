#!/usr/bin/env bash
# Owns: `make dev`: Mosaic to work on. Pages with hot reload, a server that is built and started again when a Rust source
# changes, a stand-in for the model, and people with agents and chats. It has its own data folder, ports and labels, so it
# runs beside `make up`. Ctrl-C ends everything that it started; the data stays for the next time.
#
#   PORT=8100      the pages; the server listens on PORT+1 (agents: +2), the stand-in provider on +3, the identity provider on +4
#   FRESH=1        begin with new data       REAL=1   the real OpenClaw instead of its stand-in (builds its image: minutes)
#   DATA=FOLDER    the data is in FOLDER-dev  MOSAIC_LOG=debug   more in the log
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

PORT=${PORT:-8100}
DATA=$DATA-dev
LOGS=$DATA/logs
label=mosaic.dev=$(sha256sum <<<"$DATA" | cut -c 1-12)
pages=http://127.0.0.1:$PORT
api=127.0.0.1:$((PORT + 1))
server=$TARGET/debug/mosaic
pid=$(running) && die "it runs already on $DATA (pid $pid): stop it there with Ctrl-C, or set DATA=… and PORT=…"

containers() { docker ps -aq --filter "label=$label" "$@"; }

# --- Requirements ---

"$SETUP/tools.sh"
"$SETUP/docker.sh"
for at in "$PORT" $((PORT + 1)) $((PORT + 2)) $((PORT + 3)) $((PORT + 4)); do
  ! (exec 3<>"/dev/tcp/127.0.0.1/$at") 2>/dev/null || die "port $at is taken; choose others: PORT=8200 make dev"
done
if [ "${REAL:-0}" = 1 ]; then image=agent-image; else image=stub-image; fi
beside "the agents' image" quietly "$SETUP/$image.sh"
[ "$(id -u)" != 0 ] || command -v nft >/dev/null || apt_install nftables
postgres=$("$SETUP/postgres.sh")
oidc=$("$SETUP/test-oidc.sh")
# Not downloaded for this: without it searches use words only.
[ ! -f "$MOSAIC_CACHE/embeddings/.stamp" ] || export MOSAIC_EMBEDDINGS_DIR=$MOSAIC_CACHE/embeddings
cd "$ROOT/ui"
[ node_modules/.package-lock.json -nt package-lock.json ] ||
  step "npm: the packages of the pages" npm ci --no-audit --no-fund
cd "$ROOT"

# Also builds a test binary, so that cargo chooses the same features as `make test`: each then reuses what the other has built.
# In the background, so that Ctrl-C does not have to wait for it.
build() {
  cargo build --locked --quiet --workspace --bin mosaic --bin stub-llm --test dialects &
  BUILDING=$!
  local rc=0
  wait "$BUILDING" || rc=$?
  BUILDING=''
  return "$rc"
}
BUILDING=''
stop_build() { [ -z "$BUILDING" ] || kill_tree "$BUILDING"; }
at_exit stop_build
# Without this, a command that ends by the signal itself would swallow it.
trap 'exit 130' INT TERM
[ -x "$server" ] || say "==> cargo: debug build of mosaic (several minutes the first time)"
# Sources that changed since the last build began are newer than this file.
built=$(mktemp)
at_exit "rm -f $built $built.next"
build
join
MOSAIC_AGENT_IMAGE=$("$SETUP/$image.sh")
export MOSAIC_AGENT_IMAGE MOSAIC_LOG_FORMAT=human

# Incomplete data is of no use.
if [ -d "$DATA/postgres" ] && { [ "${FRESH:-0}" = 1 ] || [ ! -f "$DATA/seeded" ]; }; then
  say "==> removing the data of the last time: $DATA"
  # The guard's firewall tables outlive it; their names are in the names of the volumes.
  tables=$(docker volume ls -q --filter "label=$label" | sed -n 's/^mosaic-\(...\).*/mosaic_guard_\1/p' | sort -u)
  containers | xargs -r docker rm -f -v >/dev/null
  docker network ls -q --filter "label=$label" | xargs -r docker network rm >/dev/null
  docker volume ls -q --filter "label=$label" | xargs -r docker volume rm >/dev/null
  for table in $tables; do nft delete table inet "$table" 2>/dev/null || true; done
  rm -rf "$DATA"
fi
mkdir -p "$LOGS"
chmod a+x "$DATA" # the embedded Postgres, uid 65534 under root, must be able to pass through

# --- Processes ---

# aside NAME COMMAND…: in the background, with a log of its own, until this script ends.
aside() {
  local name=$1
  shift
  "$@" >"$LOGS/$name.log" 2>&1 </dev/null &
  at_exit "kill_tree $!"
}
# answers NAME URL: waits for it.
answers() {
  local url=$2
  for _ in $(seq 150); do
    ! curl -fs -o /dev/null -m 2 "$url" || return 0
    sleep 0.2
  done
  tail -n 20 "$LOGS/$1.log" >&2
  die "$1 does not answer at $url; its log: $LOGS/$1.log"
}
start_server() {
  RUNS=$(stat -c %i:%Y "$server")
  # An error's backtrace would push the error itself out of the end of the log.
  RUST_LIB_BACKTRACE=0 "$server" up --data-dir "$DATA" --postgres-dir "$postgres" --listen "$api" --public-url "$pages" \
    --listen-internal "0.0.0.0:$((PORT + 2))" --internal-port $((PORT + 2)) --docker-label "$label" \
    >>"$LOGS/mosaic.log" 2>&1 </dev/null &
  SERVER=$!
  echo "$SERVER" >"$DATA/mosaic.pid"
  for _ in $(seq 300); do
    kill -0 "$SERVER" 2>/dev/null || break
    ! curl -fs -o /dev/null -m 2 "http://$api/readyz" || return 0
    sleep 0.2
  done
  tail -n 20 "$LOGS/mosaic.log" >&2
  say "==> the server does not start; the rest of its log: $LOGS/mosaic.log (data of another branch? FRESH=1 make dev)"
  return 1
}
# The second signal stops what the first one lets finish: open pages hold streams open.
stop_server() {
  [ -n "$SERVER" ] || return 0
  kill "$SERVER" 2>/dev/null || true
  (sleep 2 && kill "$SERVER") 2>/dev/null &
  wait "$SERVER" 2>/dev/null || true
  kill $! 2>/dev/null || true
}
stop_everything() {
  trap '' INT TERM
  say "==> stopping"
  stop_server
  containers --filter status=running | xargs -r docker stop -t 5 >/dev/null
  rm -f "$DATA/mosaic.pid"
}

bridge=$(docker network inspect bridge -f '{{(index .IPAM.Config 0).Gateway}}')
llm=${bridge:-172.17.0.1}:$((PORT + 3)) # agents call it from inside their containers
aside stub-llm "$TARGET/debug/stub-llm" --addr "$llm"
aside identity node "$SETUP/dev-identity.mjs" $((PORT + 4)) "$pages" "$oidc"
MOSAIC_API=http://$api aside pages env -C ui node node_modules/vite/bin/vite.js --host 127.0.0.1 --port "$PORT" --strictPort
at_exit stop_everything
say "==> starting"
start_server || exit 1
answers pages "$pages"
answers identity "http://localhost:$((PORT + 4))/.well-known/openid-configuration"

if [ ! -f "$DATA/seeded" ]; then
  SETUP_TOKEN=$(grep -o 'setup#token=[^" ]*' "$LOGS/mosaic.log" | tail -n 1 | cut -d = -f 2)
  socket=$DATA/postgres/run
  export SETUP_TOKEN
  step "people, agents and chats" env SERVER="http://$api" PAGES="$pages" IDENTITY="http://localhost:$((PORT + 4))" LLM="http://$llm" \
    PSQL="$postgres/bin/psql" DATABASE="postgres://postgres@localhost/mosaic?host=${socket//\//%2F}&port=5432" node "$SETUP/dev-seed.mjs"
  touch "$DATA/seeded"
fi

notice() {
  cat >&2 <<NOTICE
+------------------------------------------------------------------------------
|  $pages   the pages; a change in ui/src shows at once
|  http://$api   the server and its API; built and started again when a Rust source changes
|
|  user: admin   password: admin for development    (at the button "Use the admin account")
|  user: ben     password: ben                      (single sign-on; has an agent and chats)
|  user: clara   password: clara                    (single sign-on; has nothing yet)
|
|  Answers come from a stand-in; in a message [[stub:tokens=500,gap=20]], [[stub:tool=exec]] and [[stub:error=429]]
|  make it long, use a tool, or fail. Logs: $LOGS/mosaic.log and beside it.
|  Database: make psql DATA=$DATA
|  Ctrl-C ends it. New data: FRESH=1 make dev
+------------------------------------------------------------------------------
NOTICE
}
notice

# --- Rebuild and restart after changes ---

while sleep 1; do
  if [ -n "$SERVER" ] && ! kill -0 "$SERVER" 2>/dev/null; then
    say "==> the server has ended; the end of $LOGS/mosaic.log:"
    tail -n 20 "$LOGS/mosaic.log" >&2
    SERVER='' # until a source changes
  fi
  touch "$built.next"
  # A folder is newer too when a file in it was made, renamed or removed.
  changed=$(find .sqlx Cargo.toml Cargo.lock api crates jobs migrations workers -newer "$built" -print -quit 2>/dev/null || true)
  [ -n "$changed" ] || continue
  mv "$built.next" "$built"
  say "==> $changed has changed: building"
  began=$SECONDS
  build || { say "    the server that runs is the old one" && continue; }
  [ "$(stat -c %i:%Y "$server")" != "$RUNS" ] || continue
  stop_server
  ! start_server || say "    the new server answers after $((SECONDS - began)) s"
done
