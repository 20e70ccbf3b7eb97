#!/bin/sh
# Statements over HTTP; the answer is CSV here, and may be Arrow, Parquet, JSON or NDJSON.
set -eu
: "${SKUA_HTTP:=http://127.0.0.1:50080}"
table=quickstart.demo.example_shell

run() {
  curl --silent --show-error --fail-with-body "$SKUA_HTTP/v1/statements" \
    -H "authorization: Bearer $SKUA_TOKEN" -H 'content-type: application/json' -H "accept: $1" -d "$2"
}

run application/json "{\"sql\": \"CREATE OR REPLACE TABLE $table (kind VARCHAR, amount DECIMAL(10, 2))\"}" >/dev/null
run application/json "{\"sql\": \"INSERT INTO $table VALUES (?, ?)\",
  \"parameter_rows\": [[\"click\", 2.50], [\"view\", 1.50], [\"click\", 1.25]]}" >/dev/null
run text/csv "{\"sql\": \"SELECT kind, sum(amount) AS total FROM $table GROUP BY kind ORDER BY kind\"}" |
  tr -d '\r' | tail -n +2 | tr ',' ' '
