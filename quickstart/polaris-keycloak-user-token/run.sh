#!/usr/bin/env bash
# The quickstart with the real servers.
#   run.sh                          start Keycloak, Polaris, RustFS and Skua with docker compose, set them up, run the scenario
#   run.sh --check                  say whether everything that is needed is there, and whether the compose file is sound
#   run.sh --down                   stop everything, and remove the data
#   run.sh --native                 the same without docker: Keycloak and RustFS as processes, Skua's embedded catalog for Polaris
#   run.sh --native --polaris URL   … with a Polaris that is running at that address
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
environment=$here/.env
[ -f "$environment" ] || environment=$here/.env.example

compose() { docker compose --env-file "$environment" --file "$root/docker-compose.yml" "$@"; }

check() {
  local missing=0
  need() { # need WHAT COMMAND...
    local what=$1
    shift
    if "$@" > /dev/null 2>&1; then echo "ok       $what"; else echo "missing  $what"; missing=1; fi
  }
  need "curl" curl --version
  need "docker" docker --version
  need "docker compose" docker compose version
  need "a running docker engine" docker info
  need "a sound docker-compose.yml" compose config --quiet
  for port in 8080 8181; do
    if (exec 3<> "/dev/tcp/127.0.0.1/$port") 2> /dev/null; then
      echo "taken    port $port (fine if it is the quickstart that runs already)"
    else
      echo "ok       port $port is free"
    fi
  done
  return $missing
}

# token USER PASSWORD
token() {
  curl --silent --show-error --fail --data grant_type=password --data client_id=polaris-frontend-client \
    --data-urlencode "username=$1" --data-urlencode "password=$2" \
    http://localhost:8080/realms/iceberg/protocol/openid-connect/token | sed -n 's/.*"access_token":"\([^"]*\)".*/\1/p'
}

with_compose() {
  check || { echo "Something is missing; run.sh --native needs no docker." >&2; exit 1; }
  compose up --detach --build --wait skua
  ADMIN_TOKEN=$(token adminuser adminuser123)
  READER_TOKEN=$(token testuser testuser123)
  export ADMIN_TOKEN READER_TOKEN QUERIES_FILE=/etc/skua/queries.sql
  export QUERY_COMMAND="docker compose --env-file $environment --file $root/docker-compose.yml exec -T skua node bin/skua.cjs query"
  "$here/scenario.sh"
  echo "Everything keeps running; Skua is at $(compose port skua 50051). Stop it with: $0 --down"
}

case "${1:-}" in
  "") with_compose ;;
  --check) check ;;
  --down) compose down --volumes --remove-orphans ;;
  --native)
    shift
    node "$root/scripts/setup.mjs"
    exec node "$root/scripts/quickstart.mjs" "$@"
    ;;
  *)
    sed -n '2,8s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
