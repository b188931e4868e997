#!/usr/bin/env bash
# Installs the packages of scripts/packages.txt that are missing (Debian 12), as root or with sudo,
# and the test peers' npm packages where there are any. Does nothing where nothing is missing.
set -euo pipefail
cd "$(dirname "$0")/.."

wanted() {
  sed -e 's/#.*//' -e '/^[[:space:]]*$/d' scripts/packages.txt
  if [ -f tests/peers/package.json ]; then
    command -v node > /dev/null || echo nodejs
    command -v npm > /dev/null || echo npm
  fi
}

missing() {
  local package
  for package in $(wanted); do
    dpkg-query -W -f '${db:Status-Status}\n' "$package" 2> /dev/null | grep -qx installed \
      || echo "$package"
  done
}

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo > /dev/null; then
    sudo env DEBIAN_FRONTEND=noninteractive "$@"
  else
    echo "setup: run as root or install sudo; missing: $packages" >&2
    exit 1
  fi
}

# Debian makes and starts a cluster when PostgreSQL is installed. Carillon runs its own: nothing may
# be left running that nobody asked for.
no_default_cluster() {
  case " $packages " in
    *" postgresql-15 "*) ;;
    *) return 0 ;;
  esac
  as_root apt-get install -y --no-install-recommends postgresql-common
  as_root sed -i 's/^#\?create_main_cluster *=.*/create_main_cluster = false/' \
    /etc/postgresql-common/createcluster.conf
}

if ! command -v apt-get > /dev/null; then
  echo "setup: no apt-get here; install the counterparts of scripts/packages.txt by hand" >&2
  exit 1
fi

packages=$(missing | tr '\n' ' ')
packages=${packages% }
if [ -n "$packages" ]; then
  echo "setup: installing $packages"
  export DEBIAN_FRONTEND=noninteractive
  as_root apt-get update
  no_default_cluster
  # shellcheck disable=SC2086 # a list on purpose
  as_root apt-get install -y --no-install-recommends $packages
fi

if [ -f tests/peers/package.json ]; then
  (cd tests/peers && npm ci --no-audit --no-fund)
fi
