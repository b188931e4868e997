#!/usr/bin/env bash
# Runs the benchmarks: one JSON object a line on standard output, then a table.
# BENCH names what to run (default: pipeline), BENCH_FLAGS is passed on.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=build/release/bin
lines=$(mktemp)
trap 'rm -f "$lines"' EXIT
for name in ${BENCH:-pipeline}; do
  # shellcheck disable=SC2086 # flags are a list on purpose
  "$bin/carillon-bench" "$name" ${BENCH_FLAGS:-} | tee -a "$lines"
done

echo
awk '
  /^\{/ {
    bench = $0; sub(/.*"bench": ?"/, "", bench); sub(/".*/, "", bench)
    rest = $0
    while (match(rest, /"[a-z0-9_]+": ?-?[0-9][0-9.e+-]*/)) {
      pair = substr(rest, RSTART, RLENGTH); rest = substr(rest, RSTART + RLENGTH)
      name = pair; sub(/^"/, "", name); sub(/".*/, "", name)
      value = pair; sub(/^[^:]*: ?/, "", value)
      printf "%-12s %-36s %16s\n", bench, name, value
    }
  }' "$lines"
