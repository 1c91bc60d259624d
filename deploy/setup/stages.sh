#!/usr/bin/env bash
# shellcheck disable=SC2034 # its variables are used where it is sourced
# stage NAME COMMAND…: runs it, records its time, and counts the tests that its runners report. A table of all stages is
# the last output of the outermost script, also when a stage fails. Sourced after lib.sh, never run.
if [ -z "${STAGES:-}" ]; then
  STAGES=$(mktemp -d "${TMPDIR:-/tmp}/mosaic-stages.XXXXXX")
  export STAGES
  at_exit stages_summary
fi

# In this shell and not in a subshell, so that COMMAND may be a function that exports what later stages need.
stage() {
  local name=$1 began=$SECONDS
  local log=$STAGES/$name.log
  shift
  say "==> stage $name"
  printf '%s\t-\n' "$name" >>"$STAGES/order"
  "$@" > >(tee -a "$log") 2>&1
  printf '%s\t%s\n' "$name" "$((SECONDS - began))" >>"$STAGES/order"
}

# counted LOG: the final results of cargo test, vitest, playwright and node's runner, in one line.
counted() {
  sed 's/\x1b\[[0-9;]*m//g' "$1" | awk '
    /^test result: /                                  { n["passed"] += $4; n["failed"] += $6; n["ignored"] += $8 }
    /^ *Tests +[0-9]/                                 { for (i = 2; i < NF; i++) if ($i ~ /^[0-9]+$/) n[$(i + 1)] += $i }
    /^ +[0-9]+ (passed|failed|flaky|skipped)/         { n[$2] += $1 }
    /^(# |ℹ )pass [0-9]+$/                            { n["passed"] += $3 }
    /^(# |ℹ )fail [0-9]+$/                            { n["failed"] += $3 }
    END {
      order = "passed failed flaky skipped ignored"
      for (i = split(order, word, " "); i >= 1; i--) if (n[word[i]]) text = n[word[i]] " " word[i] (text ? ", " text : "")
      print text
    }'
}

as_time() { if [ "$1" = - ]; then echo failed; else echo "$1 s"; fi; }

# The last field of each stage is its time; a stage that began and has none did not succeed.
stages_summary() {
  local name took all=0
  sleep 0.2 # tee may still be writing
  say ""
  say "==> what ran"
  while IFS=$'\t' read -r name took; do
    [ "$took" = - ] || all=$((all + took))
    printf '    %-14s %8s   %s\n' "$name" "$(as_time "$took")" "$(counted "$STAGES/$name.log")" >&2
  done < <(awk -F '\t' '!($1 in took) { order[++n] = $1 } { took[$1] = $2 } END { for (i = 1; i <= n; i++) print order[i] "\t" took[order[i]] }' "$STAGES/order")
  say "    all together   $((all / 60)) min $((all % 60)) s"
  rm -rf "$STAGES"
}
