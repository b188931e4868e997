#!/usr/bin/env bash
# format.sh write|check: clang-format over every C++ source that git knows or would add.
set -euo pipefail
cd "$(dirname "$0")/.."
sources() { git ls-files -z --cached --others --exclude-standard -- '*.cpp' '*.hpp'; }
existing() { while IFS= read -r -d '' file; do [ -f "$file" ] && printf '%s\0' "$file"; done; }

case ${1:-check} in
  write) sources | existing | xargs -0 -r -n 40 -P "$(nproc)" clang-format -i ;;
  check)
    if ! sources | existing | xargs -0 -r -n 40 -P "$(nproc)" clang-format --dry-run --Werror; then
      echo "format: not in the house format; run: make format" >&2
      exit 1
    fi
    echo "format: ok"
    ;;
  *) echo "format.sh write|check" >&2 && exit 2 ;;
esac
