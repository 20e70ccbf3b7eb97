#!/usr/bin/env bash
# The scenario against a running Skua. Needs QUERY_COMMAND (the command that runs `skua query` there), QUERIES_FILE (queries.sql as that
# command sees it), ADMIN_TOKEN and READER_TOKEN.
set -uo pipefail
events=quickstart.demo.events
failures=0
# A token of the caller must not stand in for the ones that are shown here.
unset SKUA_TOKEN SKUA_TOKEN_FILE

say() { printf '\n\033[1m%s\033[0m\n' "$1"; }
good() { echo "  as it should be: $1"; }
wrong() { echo "  NOT as it should be: $1"; failures=$((failures + 1)); }
expect() { # expect OUTPUT PATTERN WHAT
  if printf '%s' "$1" | tr '\n' ' ' | grep -Eq "$2"; then good "$3"; else wrong "$3"; fi
}
# The token goes in by standard input, so that no list of processes shows it.
query() { # query TOKEN ARGUMENT...
  local token=$1
  shift
  # shellcheck disable=SC2086 # QUERY_COMMAND is a command with arguments.
  printf '%s' "$token" | $QUERY_COMMAND --token-file /dev/stdin "$@" 2>&1
}

say "adminuser, who may write, creates, fills and reads a table"
output=$(query "$ADMIN_TOKEN" --file "$QUERIES_FILE")
status=$?
printf '%s\n' "$output"
[ $status -eq 0 ] && good "every statement ran" || wrong "every statement ran"
expect "$output" 'demo' "the schema demo is there"
expect "$output" '(^|[^0-9])4 rows|rows[^0-9]+4' "the INSERT reports 4 rows"
expect "$output" 'purchase[^0-9]+2[^0-9]+55\.25.*click[^0-9]+2[^0-9]+2\.25' "the groups come out right"

say "testuser, who may only read, counts the rows"
output=$(query "$READER_TOKEN" --output csv -e "SELECT COUNT(*) AS n FROM $events")
printf '%s\n' "$output"
expect "$output" '(^|[^0-9])4([^0-9]|$)' "4 rows"

say "testuser tries to write"
output=$(query "$READER_TOKEN" -e "INSERT INTO $events VALUES (5, 'click', 1.0)")
status=$?
printf '%s\n' "$output"
[ $status -eq 1 ] && good "it ends with exit code 1" || wrong "it ends with exit code 1, not $status"
expect "$output" "testuser.*is not authorized for op" "the catalog refuses, in its own words"

say "somebody comes with a forged token"
output=$(query not.a.real.jwt -e "SELECT 1")
status=$?
printf '%s\n' "$output"
[ $status -eq 1 ] && good "it ends with exit code 1" || wrong "it ends with exit code 1, not $status"

echo
if [ $failures -gt 0 ]; then
  echo "$failures parts of the scenario did not come out as they should."
  exit 1
fi
echo "The whole scenario came out as it should."
