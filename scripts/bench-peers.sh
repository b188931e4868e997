#!/usr/bin/env bash
# Installs what only the comparison of `carillon-bench node` needs: redis-server, nodejs, npm (as root
# or with sudo) and the peer's npm packages. Does nothing where nothing is missing.
set -euo pipefail
cd "$(dirname "$0")/.."
peer=tests/bench/peers/node

packages=
command -v redis-server > /dev/null || packages+=" redis-server"
command -v node > /dev/null || packages+=" nodejs"
command -v npm > /dev/null || packages+=" npm"
if [ -n "$packages" ]; then
  echo "bench-peers: installing$packages" >&2
  as_root=()
  [ "$(id -u)" = 0 ] || as_root=(sudo)
  "${as_root[@]}" apt-get update > /dev/null
  # RUNLEVEL=1: Debian starts no service of it; the benchmark runs its own.
  # shellcheck disable=SC2086 # a list on purpose
  "${as_root[@]}" env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-install-recommends $packages > /dev/null
fi
if [ ! -d "$peer/node_modules" ] || [ "$peer/package-lock.json" -nt "$peer/node_modules" ]; then
  (cd "$peer" && npm ci --no-audit --no-fund > /dev/null && touch node_modules)
fi
