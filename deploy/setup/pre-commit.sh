#!/usr/bin/env bash
# Owns: the hook before a commit: formatting and lints of only the files that are about to be committed. It takes seconds;
# `make lint` and `make test` find everything else. `git commit --no-verify` skips it.
#
#   pre-commit.sh            checks what is staged
#   pre-commit.sh install    `make hooks`: has git call it before each commit in this clone
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"

if [ "${1:-}" = install ]; then
  hook=$(git rev-parse --git-path hooks/pre-commit)
  if [ -e "$hook" ] && ! grep -qs deploy/setup/pre-commit.sh "$hook"; then
    die "$hook is there already and not ours; add this line to it: exec deploy/setup/pre-commit.sh"
  fi
  mkdir -p "$(dirname "$hook")"
  printf '#!/bin/sh\nexec deploy/setup/pre-commit.sh\n' >"$hook"
  chmod +x "$hook"
  say "From now on each commit is looked at first ($hook)"
  exit
fi

# staged PATTERN…: files that are added or changed in the commit.
staged() { git diff --cached --name-only --diff-filter=ACMR -z -- "$@"; }
failed=0

# Checks what is staged, not the working tree.
while IFS= read -r -d '' file; do
  git show ":$file" | rustfmt --edition 2024 --config-path "$ROOT" --check >/dev/null 2>&1 || {
    say "not in form: $file   (make fmt)"
    failed=1
  }
done < <(staged '*.rs')

# cargo itself checks only crates that have changed and those that link them.
if [ -n "$(staged '*.rs' '*Cargo.toml' | tr '\0' ' ')" ]; then
  cargo clippy --workspace --all-targets --locked --quiet -- -D warnings || failed=1
fi

mapfile -d '' -t scripts < <(staged '*.sh' .ci/run)
if [ ${#scripts[@]} -gt 0 ] && command -v shellcheck >/dev/null; then
  shellcheck -x -P SCRIPTDIR -P deploy/setup "${scripts[@]}" || failed=1
fi

mapfile -d '' -t pages < <(cd ui && git diff --cached --name-only --diff-filter=ACMR --relative -z -- .)
if [ ${#pages[@]} -gt 0 ] && [ -x ui/node_modules/.bin/biome ]; then
  (cd ui && node_modules/.bin/biome check --error-on-warnings --no-errors-on-unmatched "${pages[@]}") || failed=1
  case " ${pages[*]}" in *.ts | *.tsx | *.ts\ * | *.tsx\ *) (cd ui && npm run --silent typecheck) || failed=1 ;; esac
fi

[ $failed = 0 ] || die "not committed (git commit --no-verify commits it all the same)"
