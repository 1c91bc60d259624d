#!/usr/bin/env bash
# Owns: `make demo`: Mosaic beside a model that is only played, so that all can be tried without an
# account anywhere. Own data folder; Ctrl-C ends both.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

DATA=$DATA-demo
DEMO_LLM=${DEMO_LLM:-127.0.0.1:8099}
"$SETUP/tools.sh"
(cd "$ROOT" && cargo build --locked --release -p stub-llm)
"$TARGET/release/stub-llm" --addr "$DEMO_LLM" &
at_exit "kill_tree $!"
cat >&2 <<NOTICE
+----------------------------------------------------------------------------+
|  DEMO: answers come from a small stand-in on this machine, not from a      |
|  real model. Nothing is sent anywhere. Data: $DATA
|  Model for the setup wizard: http://$DEMO_LLM/v1 , any key.
+----------------------------------------------------------------------------+
NOTICE
export DATA MOSAIC_DEMO_LLM_URL=http://$DEMO_LLM/v1
"$SETUP/up.sh"
