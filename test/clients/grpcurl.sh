#!/usr/bin/env bash
# Skua through grpcurl, which knows the server's services only by reflection: grpcurl.sh seed|full,
# with SKUA_ADDRESS, SKUA_TOKEN and, for the refusals, SKUA_TEST_READER_TOKEN. GRPCURL names the program.
set -uo pipefail
scenario=${1:?usage: grpcurl.sh seed|full}
address=${SKUA_ADDRESS:-127.0.0.1:50051}
token=${SKUA_TOKEN:?SKUA_TOKEN is needed}
grpcurl=${GRPCURL:-grpcurl}
service=arrow.flight.protocol.FlightService
events=quickstart.demo.events
passed=0
failed=0

ok() { passed=$((passed + 1)); echo "ok      $1"; }
bad() { failed=$((failed + 1)); echo "FAILED  $1: ${2:0:600}"; }
# has NAME OUTPUT TEXT: the output has the text.
has() { case "$2" in *"$3"*) ok "$1" ;; *) bad "$1" "no '$3' in: $2" ;; esac; }

# works NAME OUTPUT: the call gave no error.
works() { case "$2" in *ERROR:* | *Error*) bad "$1" "$2" ;; *) ok "$1" ;; esac; }

# One length-delimited protobuf field in hexadecimal: field NUMBER HEX
field() {
  local length=$((${#2} / 2))
  printf '%02x' $(($1 << 3 | 2))
  while [ $length -gt 127 ]; do printf '%02x' $((length & 127 | 128)); length=$((length >> 7)); done
  printf '%02x%s' $length "$2"
}
hex() { printf '%s' "$1" | od -An -v -tx1 | tr -d ' \n'; }
base64_of_hex() { printf "$(printf '%s' "$1" | sed 's/../\\x&/g')" | base64 | tr -d '\n'; }
# A Flight SQL message with one text field, inside Any, as base64: command NAME [TEXT]
command_of() {
  local value=""
  [ $# -gt 1 ] && value=$(field 1 "$(hex "$2")")
  base64_of_hex "$(field 1 "$(hex "type.googleapis.com/arrow.flight.protocol.sql.$1")")$(field 2 "$value")"
}
call_as() { # call_as TOKEN METHOD JSON
  "$grpcurl" -plaintext -max-time 60 -H "authorization: Bearer $1" -d "$3" "$address" "$service/$2" 2>&1
}
call() { call_as "$token" "$@"; }
descriptor() { printf '{"type":"CMD","cmd":"%s"}' "$1"; }
# The bodies of a query's result, as one line of text where bytes outside ASCII are dots: fetch TOKEN SQL
fetch() {
  local info ticket stream
  info=$(call_as "$1" GetFlightInfo "$(descriptor "$(command_of CommandStatementQuery "$2")")")
  ticket=$(printf '%s\n' "$info" | sed -n '/"ticket": {/,/}/ s/^ *"ticket": "\([^"]*\)".*/\1/p' | head -n 1)
  if [ -z "$ticket" ]; then printf '%s' "$info"; return; fi
  stream=$(call_as "$1" DoGet "{\"ticket\":\"$ticket\"}")
  case "$stream" in *ERROR:*) printf '%s' "$stream"; return ;; esac
  printf '%s\n' "$stream" | sed -nE 's/^ *"(dataBody|data_body)": "([^"]*)".*/\2/p' |
    while read -r body; do printf '%s' "$body" | base64 -d | LC_ALL=C tr -c ' -~' '.'; done
}
update() { # update TOKEN SQL
  call_as "$1" DoPut "{\"flightDescriptor\":$(descriptor "$(command_of CommandStatementUpdate "$2")")}"
}

seed() {
  local listed health described out
  listed=$("$grpcurl" -plaintext "$address" list 2>&1)
  has "list shows the Flight service" "$listed" "$service"
  has "list shows the health service" "$listed" "grpc.health.v1.Health"
  described=$("$grpcurl" -plaintext "$address" describe "$service" 2>&1)
  for method in Handshake ListFlights GetFlightInfo PollFlightInfo GetSchema DoGet DoPut DoExchange DoAction ListActions; do
    has "describe shows $method" "$described" "rpc $method ("
  done
  has "describe shows a message" "$("$grpcurl" -plaintext "$address" describe arrow.flight.protocol.FlightInfo 2>&1)" endpoint
  health=$("$grpcurl" -plaintext "$address" grpc.health.v1.Health/Check 2>&1)
  has "the health service says serving, without a token" "$health" '"SERVING"'

  out=$(fetch "$token" "SHOW SCHEMAS")
  has "SHOW SCHEMAS gives demo" "$out" demo
  out=$(update "$token" "DROP TABLE IF EXISTS $events")
  works "DROP TABLE" "$out"
  out=$(update "$token" "CREATE TABLE $events (id BIGINT, kind VARCHAR, amount DOUBLE)")
  works "CREATE TABLE" "$out"
  out=$(update "$token" "INSERT INTO $events VALUES (1,'click',1.50),(2,'purchase',42.00),(3,'click',0.75),(4,'purchase',13.25)")
  # DoPutUpdateResult with record_count 4 is the bytes 08 04.
  has "the INSERT reports 4 rows" "$out" '"CAQ="'
  out=$(fetch "$token" "SELECT kind || ':' || COUNT(*) || ':' || ROUND(SUM(amount), 2) AS line FROM $events GROUP BY kind ORDER BY SUM(amount) DESC")
  has "the grouped rows" "$out" "purchase:2:55.25click:2:2.25"

  if [ -n "${SKUA_TEST_READER_TOKEN:-}" ]; then
    out=$(fetch "$SKUA_TEST_READER_TOKEN" "SELECT 'rows: ' || COUNT(*) FROM $events")
    has "a reader counts 4" "$out" "rows: 4"
    out=$(update "$SKUA_TEST_READER_TOKEN" "INSERT INTO $events VALUES (5,'click',1.0)")
    has "a reader's INSERT is refused" "$out" PermissionDenied
    has "in the catalog's words" "$out" "is not authorized for op"
    out=$(fetch "$SKUA_TEST_READER_TOKEN" "SELECT 'rows: ' || COUNT(*) FROM $events")
    has "and nothing was added" "$out" "rows: 4"
  fi
  out=$(fetch not.a.real.jwt "SELECT 1")
  has "a forged token is refused" "$out" Unauthenticated
  out=$("$grpcurl" -plaintext -d '{}' "$address" "$service/ListActions" 2>&1)
  has "no token is refused" "$out" Unauthenticated
}

full() {
  local out
  out=$(call GetFlightInfo "$(descriptor "$(command_of CommandGetTableTypes)")")
  has "GetFlightInfo of a metadata command" "$out" '"schema"'
  out=$(call GetSchema "$(descriptor "$(command_of CommandStatementQuery "SELECT 1 AS one")")")
  has "GetSchema" "$out" '"schema"'
  out=$(call PollFlightInfo "$(descriptor "$(command_of CommandStatementQuery "SELECT 1 AS one")")")
  has "PollFlightInfo" "$out" '"schema"'
  out=$(call ListActions '{}')
  has "ListActions" "$out" CreatePreparedStatement
  out=$(call DoAction '{"type":"NoSuchAction"}')
  has "an unknown action" "$out" Unimplemented
  out=$(fetch "$token" "SELEC 1")
  has "a syntax error" "$out" InvalidArgument
  out=$(fetch "$token" "SELECT * FROM quickstart.demo.no_such")
  has "an unknown table" "$out" NotFound
  out=$(call GetFlightInfo "$(descriptor AAEC)")
  has "a command that is none" "$out" InvalidArgument
  out=$(call DoGet '{"ticket":"AAEC"}')
  has "a ticket that is none" "$out" InvalidArgument
}

seed
if [ "$scenario" = full ]; then full; fi
echo "$passed checks passed, $failed failed"
[ "$failed" -eq 0 ]
