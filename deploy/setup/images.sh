#!/usr/bin/env bash
# Owns: both images, the agent's and its stand-in for tests.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

quietly "$SETUP/agent-image.sh"
quietly "$SETUP/stub-image.sh"
