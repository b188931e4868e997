#!/usr/bin/env bash
# Compiles every header on its own (syntax only), so that each includes what it needs.
set -euo pipefail
compiler=${1:-c++}
cd "$(dirname "$0")/.."
flags=(-std=c++20 -fsyntax-only -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror -w -include utility
  -I. -isystem /usr/include/postgresql -x c++
  -DSPDLOG_COMPILED_LIB -DSPDLOG_FMT_EXTERNAL -DBOOST_ASIO_SEPARATE_COMPILATION
  -DBOOST_BEAST_SEPARATE_COMPILATION -DBOOST_BEAST_USE_STD_STRING_VIEW -DUSE_OS_TZDB=1)
git ls-files --cached --others --exclude-standard -- '*.hpp' | grep -v '^cmake/' \
  | xargs -r -P "$(nproc)" -I{} sh -c '"$@" "{}" || { echo "not self-contained: {}" >&2; exit 255; }' \
    sh "$compiler" "${flags[@]}"
