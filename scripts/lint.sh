#!/usr/bin/env bash
# clang-tidy over all sources, or those changed since $LINT_SINCE. The compile database comes from a
# configuration with clang of the same version, whose precompiled headers clang-tidy can read: that
# is several times faster than parsing CAF, Beast and JSON again for every file.
set -euo pipefail
cd "$(dirname "$0")/.."
directory=build/lint

if ! output=$(cmake -G Ninja -S . -B "$directory" -DCMAKE_BUILD_TYPE=Dev \
  -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ -DCARILLON_LINT=ON 2>&1); then
  echo "$output" >&2
  exit 1
fi
ninja -C "$directory" -j "${JOBS:-$(nproc)}" carillon_pch_core carillon_pch_net carillon_pch_test

sources() {
  if [ -n "${LINT_SINCE:-}" ]; then
    git diff --name-only --diff-filter=d "$LINT_SINCE" -- '*.cpp'
  else
    git ls-files --cached --others --exclude-standard -- '*.cpp'
  fi
}

files=$(sources | grep -v '^cmake/' | while read -r file; do
  if [ -f "$file" ] && grep -qF "\"$PWD/$file\"" "$directory/compile_commands.json"; then
    echo "$file"
  fi
done)
if [ -z "$files" ]; then
  echo "lint: nothing to look at"
  exit 0
fi
echo "$files" | xargs -n 1 -P "${JOBS:-$(nproc)}" \
  sh -c 'clang-tidy --quiet -p "$0" "$1" 2> "$0/tidy.$$.err" || { cat "$0/tidy.$$.err"; rm -f "$0/tidy.$$.err"; exit 1; }; rm -f "$0/tidy.$$.err"' \
  "$directory" || { echo "lint: findings above" >&2; exit 1; }
echo "lint: ok ($(echo "$files" | wc -l) files)"
