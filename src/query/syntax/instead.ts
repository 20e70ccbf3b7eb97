/** What to write instead of statements of other engines. */

const STATEMENTS: Record<string, string> = {
  ATTACH: 'the catalogs are those of the configuration; USE chooses one',
  DETACH: 'the catalogs are those of the configuration; USE chooses another',
  COPY: 'statements reach no files but those of tables; bring rows with INSERT or the bulk ingest of the client, and take them with a query',
  EXPORT: 'statements reach no files but those of tables',
  IMPORT: 'statements reach no files but those of tables; bring rows with INSERT or the bulk ingest of the client',
  GRANT: 'what a principal may do is kept by the catalog, and changed there',
  REVOKE: 'what a principal may do is kept by the catalog, and changed there',
  PREPARE: 'prepare with the client: ActionCreatePreparedStatement of Flight SQL',
  EXECUTE: 'prepare with the client: ActionCreatePreparedStatement of Flight SQL',
  DEALLOCATE: 'the client closes its prepared statements',
  INSTALL: 'the engine takes no extensions',
  LOAD: 'the engine takes no extensions',
  SAVEPOINT: 'a transaction is rolled back as a whole',
  RELEASE: 'a transaction is rolled back as a whole',
  REPLACE: 'write MERGE INTO',
  UPSERT: 'write MERGE INTO',
};

const PRAGMAS: Record<string, string> = {
  table_info: 'write DESCRIBE t',
  show: 'write DESCRIBE t',
  show_tables: 'write SHOW TABLES',
  show_tables_expanded: 'write SHOW ALL TABLES',
  show_databases: 'write SHOW CATALOGS',
  database_list: 'write SHOW CATALOGS',
  version: 'write SELECT version()',
  storage_info: 'the metadata table t$files lists the files of a table',
};

/** The rest of a sentence that says that a statement is not supported; empty where there is nothing to write in its place. */
export function insteadOf(keyword: string, second: string): string {
  const table = keyword === 'PRAGMA' ? PRAGMAS : STATEMENTS;
  const key = table === STATEMENTS ? keyword : second.toLowerCase();
  return Object.hasOwn(table, key) ? `; ${table[key]}` : '';
}
