#!/usr/bin/env bash
# build.sh <directory> <build type> [cmake argument...] -- <ninja target>...
set -euo pipefail
cd "$(dirname "$0")/.."
directory=$1
type=$2
shift 2
arguments=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do
  arguments+=("$1")
  shift
done
shift
if ! output=$(cmake -G Ninja -S . -B "$directory" -DCMAKE_BUILD_TYPE="$type" "${arguments[@]}" 2>&1); then
  echo "$output" >&2
  exit 1
fi
exec ninja -C "$directory" -j "${JOBS:-$(nproc)}" "$@"
