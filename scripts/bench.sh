#!/usr/bin/env bash
# Runs the benchmarks: one JSON object a line on standard output, then a table.
# BENCH names what to run (default: all), BENCH_FLAGS is passed on.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=build/release/bin
lines=$(mktemp)
trap 'rm -f "$lines"' EXIT

run() {
  "$bin/carillon-bench" "$@" | tee -a "$lines"
}

if [ -n "${BENCH:-}" ]; then
  for name in $BENCH; do
    # shellcheck disable=SC2086 # flags are a list on purpose
    run "$name" ${BENCH_FLAGS:-}
  done
else
  run append
  run pipeline
  run pipeline --variant preferences
  run pipeline --variant limits
  scripts/bench-peers.sh || true # without them `node` says what is missing and is skipped
  run node
  run pipeline --rate 1000
  run growth
  run contended
  run stream
  run fanout
  run sessions
  run waiting
  run replay
  run replay --of sent
fi

echo
"$bin/carillon-bench" table < "$lines"
