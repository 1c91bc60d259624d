#!/usr/bin/env bash
# Owns: `make test ARGS=…`: the tests that ARGS name, and only the parts that they need, on a Postgres that is kept for the
# next run (test-postgres.sh). What was built and prepared before is not checked again: a second run takes seconds.
#
#   ARGS='-p domain'                          one crate, as `cargo test -p domain` would
#   ARGS='-p workers --test queue crashes::'  one test binary, and of its tests those that match
#   ARGS='-p tests chat::'                    integration tests: modules of tests/it/, or names of tests
#   PARTS='agent_image oidc'                  more parts (functions of test-parts.sh), if some are missing
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$SETUP/own-postgres.sh"
. "$SETUP/test-parts.sh"
cd "$ROOT"

EVERY_PART='engine postgres_programs kept_postgres agent_image stub_image clients oidc embeddings pages'

# read_args ARG…: sets PACKAGES, the one TARGET, and the arguments of the test binary. ODD: other arguments for cargo.
PACKAGES=() ONE_TARGET='' TO_TESTS=() LIB_ONLY='' ODD=''
read_args() {
  while [ $# -gt 0 ]; do
    case $1 in
      -p | --package) PACKAGES+=("${2:?"$1 needs a name"}") && shift ;;
      --test) ONE_TARGET=${2:?"--test needs a name"} && shift ;;
      --lib) LIB_ONLY=1 ODD=1 ;;
      --) shift && TO_TESTS+=("$@") && return ;;
      -*) ODD=1 ;;
      *) TO_TESTS+=("$1") ;;
    esac
    shift
  done
}

# parts_of PACKAGE: what its tests need besides cargo.
parts_of() {
  local on_parts=''
  case $1 in
    workers) on_parts=kept_postgres ;;
    boot) on_parts=postgres_programs ;;
    runtime) on_parts=engine ;;
    openclaw) on_parts='engine agent_image' ;;
    embeddings) echo embeddings ;;
    tests) parts_of_integration ;;
    # They need nothing else, or have nothing to test.
    api | bench | domain | fleet | jobs | migrations | mosaic | mosaic-entrypoint | oidc | providers | secrets | store | stub-agent | stub-llm | telemetry) ;;
    everything) echo "$EVERY_PART" ;;
    *) die "no package has the name $1, or parts_of in deploy/setup/test-named.sh does not know it yet" ;;
  esac
  # Unit tests bring their own fakes.
  [ -n "$LIB_ONLY" ] || echo "$on_parts"
}

# Some parts are for all tests of tests/it/; a module's text shows which others it needs.
parts_of_integration() {
  local word files
  [ "$ONE_TARGET" != arrows ] || return 0 # these only read the tree
  echo engine postgres_programs kept_postgres stub_image embeddings
  [ -f ui/dist/index.html ] || echo pages
  [ ${#TO_TESTS[@]} -gt 0 ] || echo "$EVERY_PART"
  for word in "${TO_TESTS[@]}"; do
    case $word in -*) continue ;; esac
    files=$(find tests/it -path "tests/it/${word%%::*}.rs" -o -path "tests/it/${word%%::*}/*.rs")
    [ -n "$files" ] || files=$(grep -rl "fn [a-z0-9_]*${word##*::}" tests/it || true)
    if [ -z "$files" ]; then
      echo "$EVERY_PART"
      continue
    fi
    names() { xargs grep -q "$1" <<<"$files"; }
    ! names 'MOSAIC_TEST_CLIENTS' || echo clients
    ! names 'IdentityProvider' || echo oidc
    ! names 'Options::real\|MOSAIC_TEST_AGENT_IMAGE' || echo agent_image
    ! grep -q 'tests/it/pages.rs' <<<"$files" || echo pages
  done
}

# shellcheck disable=SC2086 # several arguments
read_args ${ARGS:?"ARGS says what to test, for example: make test ARGS='-p domain'"}
[ "${PACKAGES[*]}" != tests ] || : "${ONE_TARGET:=it}"

wanted=''
for package in "${PACKAGES[@]:-everything}"; do
  parts=$(parts_of "$package")
  wanted+=" ${parts//$'\n'/ }"
done
for part in $(tr ' ' '\n' <<<"$wanted ${PARTS:-}" | awk 'NF && !seen[$0]++'); do $part; done

ran=$(mktemp)
at_exit "rm -f $ran"
if [ ${#PACKAGES[@]} = 1 ] && [ -n "$ONE_TARGET" ] && [ -z "$ODD" ]; then
  run_target "${PACKAGES[0]}" "$ONE_TARGET" "${TO_TESTS[@]}"
else
  [[ $wanted != *stub_image* ]] || cargo build --locked --workspace --bins --tests
  # shellcheck disable=SC2086 # several arguments
  cargo test --locked $ARGS | tee "$ran"
  [ ${#TO_TESTS[@]} = 0 ] || grep -q '^running [1-9]' "$ran" || die "no test matches: ${TO_TESTS[*]}"
fi
