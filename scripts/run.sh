#!/usr/bin/env bash
# Starts carillon-sim on a free loopback port and carillond against it, with its own PostgreSQL under
# the data directory, and says what to try. Ctrl-C ends both; neither outlives this script.
# CARILLON_* variables are passed on, so `CARILLON_HTTP_LISTEN=127.0.0.1:9000 make run` works.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=${CARILLON_BIN:-build/release/bin}
data=${CARILLON_DATA_DIR:-./var}
mkdir -p "$data"
daemon=
simulator=
stopping=

# In a session of its own, so that Ctrl-C in the terminal reaches only this script, which then stops
# both in order; the death signal is for a script that was killed.
start() {
  local output=$1
  shift
  setsid setpriv --pdeathsig TERM "$@" > "$output" &
}

finish() {
  local code=$?
  trap - EXIT INT TERM
  for process in $daemon $simulator; do
    kill -TERM "$process" 2> /dev/null || true
    wait "$process" 2> /dev/null || true
  done
  [ -z "$stopping" ] || code=0
  exit "$code"
}
trap finish EXIT
trap 'stopping=yes; exit 0' INT TERM

# ready <process> <file> <name>: waits for the ready line and prints its address.
ready() {
  local line
  for _ in $(seq 1 1200); do
    line=$(grep -m 1 -o 'ready http=.*' "$2" || true)
    if [ -n "$line" ]; then
      echo "${line#ready http=}"
      return 0
    fi
    if ! kill -0 "$1" 2> /dev/null; then
      echo "run: $3 did not start" >&2
      return 1
    fi
    sleep 0.1
  done
  echo "run: $3 is not ready after two minutes" >&2
  return 1
}

start "$data/simulator.out" "$bin/carillon-sim" --listen 127.0.0.1:0
simulator=$!
provider=$(ready "$simulator" "$data/simulator.out" carillon-sim)
provider=${provider#http://}

sed "s#^base_url = .*#base_url = \"http://$provider\"#" config/sample.toml > "$data/run.toml"
start "$data/daemon.out" "$bin/carillond" --config "$data/run.toml"
daemon=$!
api=$(ready "$daemon" "$data/daemon.out" carillond)
url=http://${api#http://}
key=${CARILLON_BOOTSTRAP_KEY:-$(cat "$data/bootstrap.key")}

"$bin/carillon" --url "$url" --key "$key" recipient put p-1 - > /dev/null << 'JSON'
{"name": "Ada Example", "first_name": "Ada", "locale": "en", "timezone": "Europe/London",
 "contacts": {"sms": "+15005550006", "email": "ada@example.com"}}
JSON

cat << TEXT

Carillon is running.

  API        $url
  key        $key
  providers  simulated at http://$provider (what they got: curl http://$provider/_sim/messages)

Send a first event (p-1 is a sample recipient):

  curl -sS $url/v1/events -H 'Authorization: Bearer $key' \\
    -H 'Content-Type: application/cloudevents+json' \\
    -d '{"specversion":"1.0","id":"first-1","source":"/try","type":"appointment.created","data":{"appointmentId":"42","patientId":"p-1","service":"Facial","status":"scheduled","startsAt":"$(date -u -d '+3 days' +%Y-%m-%dT%H:00:00Z)"}}'

The answer lists the planned notifications. Then look at one, by its id:

  $bin/carillon --url $url --key-file $data/bootstrap.key notification show ID
  $bin/carillon --url $url --key-file $data/bootstrap.key notification show ID --explain
  $bin/carillon --url $url --key-file $data/bootstrap.key notification list

Ctrl-C stops everything.
TEXT

while kill -0 "$daemon" 2> /dev/null && kill -0 "$simulator" 2> /dev/null; do
  wait -n "$daemon" "$simulator" || true
done
if [ -z "$stopping" ]; then
  echo "run: a program ended by itself" >&2
  exit 1
fi
