import { startTestServer } from './support/server.js';
import { runSqlFiles } from './support/sql-files.js';

runSqlFiles(startTestServer);
