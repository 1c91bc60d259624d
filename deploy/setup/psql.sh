#!/usr/bin/env bash
# Owns: `make psql`: psql on a running instance, with the rights that are needed.
#
#   DATA=FOLDER   the data folder of `make up` (default) or `make dev` (its notice names it), or DATABASE_URL=URL
#   AS=usr_…      sees what a request of this user sees: the restricted role, their scope. Without it: everything
#   psql.sh -c "select …"   arguments are psql's
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
unset PROJECT # the embedded one or a URL; in a compose project: docker-compose exec postgres psql
. "$SETUP/instance.sh"

# The same as crates/store/src/tx.rs sets for each transaction, for the whole session.
PGOPTIONS='-c app.scope=system'
if [ -n "${AS:-}" ]; then
  [[ $AS =~ ^usr_[0-9a-f]{32}$ ]] || die "AS is the id of a person, like usr_ and 32 hexadecimal digits: select id, username from users"
  PGOPTIONS="-c role=mosaic_app -c app.scope=user -c app.user_id=${AS#usr_}"
fi
export PGOPTIONS
# shellcheck disable=SC2154 # set in instance.sh
exec "$CLIENTS/psql" -X -d "$url" "$@"
