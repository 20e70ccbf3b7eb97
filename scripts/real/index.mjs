/** The real servers and clients: what is there, how it is installed, how a server is started. */
import { findChromium, installChromium } from './chromium.mjs';
import {
  findComposeParser,
  findDbt,
  findDuckdb,
  findGoClient,
  findGoExample,
  findGrpcurl,
  findJdbcDriver,
  findPython,
  findSqlalchemy,
  installComposeParser,
  installDbt,
  installDuckdb,
  installGoClient,
  installGoExample,
  installGrpcurl,
  installJdbcDriver,
  installPython,
  installSqlalchemy,
} from './clients.mjs';
import { findKeycloak, installKeycloak } from './keycloak.mjs';
import { findNginx, installNginx } from './nginx.mjs';
import { findRustfs, installRustfs } from './rustfs.mjs';
import { findSpark, installSpark } from './spark.mjs';

export { repository } from './cache.mjs';
export { passwordGrant, startKeycloak } from './keycloak.mjs';
export { startBalancer } from './nginx.mjs';
export { answersOk, freePort, startServer, waitUntilReady } from './processes.mjs';
export { startQuickstart } from './quickstart.mjs';
export { startRustfs, storageProperties, storageSettings, storeClient } from './rustfs.mjs';
export { startSpark } from './spark.mjs';

/** By name: what it is, how to find it (a path, or the reason why not), how to install it. */
export const parts = {
  keycloak: { title: 'Keycloak', find: findKeycloak, install: installKeycloak },
  rustfs: { title: 'RustFS', find: findRustfs, install: installRustfs },
  python: { title: 'Python clients (pyarrow, ADBC)', find: findPython, install: installPython },
  duckdb: { title: "DuckDB's Iceberg client", find: findDuckdb, install: installDuckdb },
  jdbc: { title: 'Flight SQL JDBC driver', find: findJdbcDriver, install: installJdbcDriver },
  grpcurl: { title: 'grpcurl', find: findGrpcurl, install: installGrpcurl },
  go: { title: 'Flight SQL client for Go', find: findGoClient, install: installGoClient },
  goExample: { title: 'The example in Go', find: findGoExample, install: installGoExample },
  dbt: { title: 'dbt', find: findDbt, install: installDbt },
  sqlalchemy: { title: 'SQLAlchemy', find: findSqlalchemy, install: installSqlalchemy },
  chromium: { title: 'Chromium', find: findChromium, install: installChromium },
  nginx: { title: 'NGINX', find: findNginx, install: installNginx },
  spark: { title: 'Spark Connect with Iceberg', find: findSpark, install: installSpark },
  compose: { title: 'Compose file parser', find: findComposeParser, install: installComposeParser },
};
