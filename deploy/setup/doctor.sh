#!/usr/bin/env bash
# Owns: `make doctor`: the tools, the engine, then all that mosaic itself can check.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

"$SETUP/tools.sh"
"$SETUP/docker.sh"
MOSAIC_EMBEDDINGS_DIR=$("$SETUP/embeddings.sh")
export MOSAIC_EMBEDDINGS_DIR
(cd "$ROOT" && cargo build --locked --release -p mosaic)
exec "$TARGET/release/mosaic" doctor --data-dir "$DATA"
