#!/usr/bin/env bash
# Runs the benchmarks: one JSON object a line on standard output, then a table.
# BENCH names what to run (default: all), BENCH_FLAGS is passed on.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=build/release/bin
lines=$(mktemp)
trap 'rm -f "$lines"' EXIT
for name in ${BENCH:-append pipeline stream waiting replay}; do
  # shellcheck disable=SC2086 # flags are a list on purpose
  "$bin/carillon-bench" "$name" ${BENCH_FLAGS:-} | tee -a "$lines"
done

echo
"$bin/carillon-bench" table < "$lines"
