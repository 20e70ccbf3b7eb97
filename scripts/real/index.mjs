/** The real servers and clients: what is there, how it is installed, how a server is started. */
import {
  findComposeParser,
  findDuckdb,
  findGrpcurl,
  findJdbcDriver,
  findPython,
  installComposeParser,
  installDuckdb,
  installGrpcurl,
  installJdbcDriver,
  installPython,
} from './clients.mjs';
import { findKeycloak, installKeycloak } from './keycloak.mjs';
import { findRustfs, installRustfs } from './rustfs.mjs';

export { repository } from './cache.mjs';
export { passwordGrant, startKeycloak } from './keycloak.mjs';
export { answersOk, freePort, startServer, waitUntilReady } from './processes.mjs';
export { startQuickstart } from './quickstart.mjs';
export { startRustfs } from './rustfs.mjs';

/** By name: what it is, how to find it (a path, or the reason why not), how to install it. */
export const parts = {
  keycloak: { title: 'Keycloak', find: findKeycloak, install: installKeycloak },
  rustfs: { title: 'RustFS', find: findRustfs, install: installRustfs },
  python: { title: 'Python clients (pyarrow, ADBC)', find: findPython, install: installPython },
  duckdb: { title: "DuckDB's Iceberg client", find: findDuckdb, install: installDuckdb },
  jdbc: { title: 'Flight SQL JDBC driver', find: findJdbcDriver, install: installJdbcDriver },
  grpcurl: { title: 'grpcurl', find: findGrpcurl, install: installGrpcurl },
  compose: { title: 'Compose file parser', find: findComposeParser, install: installComposeParser },
};
