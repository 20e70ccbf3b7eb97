#!/usr/bin/env bash
# Compiles and runs the JDBC client: run.sh seed|full, with SKUA_ADDRESS, SKUA_TOKEN and, if wanted, SKUA_TEST_READER_TOKEN.
# SKUA_TEST_JDBC_DRIVER names the jar of org.apache.arrow:flight-sql-jdbc-driver; without it, the cached one is taken.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${SKUA_TEST_CACHE:-$here/../../../.cache}
driver=${SKUA_TEST_JDBC_DRIVER:-$cache/flight-sql-jdbc-driver-18.3.0/flight-sql-jdbc-driver-18.3.0.jar}
if [ ! -f "$driver" ]; then
  echo "The JDBC driver is not at $driver; get it with: node scripts/real/install.mjs jdbc" >&2
  exit 2
fi
classes=$(mktemp -d)
trap 'rm -rf "$classes"' EXIT
javac -nowarn -d "$classes" -cp "$driver" "$here"/*.java
java --add-opens=java.base/java.nio=ALL-UNNAMED -Duser.timezone=UTC -Dorg.slf4j.simpleLogger.defaultLogLevel=error \
  -Xmx512m -cp "$classes:$driver" JdbcClient "$@"
