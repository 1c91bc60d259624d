#!/usr/bin/env bash
# Owns: all images: the agent's, those of a compose project, and the agent's stand-in for tests.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

quietly "$SETUP/stub-image.sh"
quietly "$SETUP/server-images.sh"
docker images --format '{{.Repository}}:{{.Tag}} {{.Size}}' --filter 'reference=mosaic-*:local' | sort | column -t >&2
