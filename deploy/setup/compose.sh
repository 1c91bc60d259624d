#!/usr/bin/env bash
# shellcheck disable=SC2034 # its variable is used where it is sourced
# Owns: which compose this machine has: the plugin, or else Debian's docker-compose (1.29), which is installed when there
# is neither. Sourced after lib.sh, never run. Sets COMPOSE, a list of words.
if docker compose version >/dev/null 2>&1; then
  COMPOSE=(docker compose)
else
  command -v docker-compose >/dev/null || apt_install docker-compose
  COMPOSE=(docker-compose)
fi
