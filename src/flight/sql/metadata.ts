/** The metadata commands: names as the statement service knows them, in the rows of the reference schemas. */
import { Schema } from 'apache-arrow';
import { encodeSchema } from '../../arrow/index.js';
import type { MetadataService, TableEntry } from '../../query/contract.js';
import type { FlightSql, Row } from './flight-sql.js';
import { type ServerFacts, sqlInfo } from './sql-info.js';
import { xdbcTypeRows } from './xdbc-types.js';

type MetadataCommands = Pick<
  FlightSql,
  | 'getCatalogs'
  | 'getDbSchemas'
  | 'getTables'
  | 'getTableTypes'
  | 'getPrimaryKeys'
  | 'getExportedKeys'
  | 'getImportedKeys'
  | 'getCrossReference'
  | 'getSqlInfo'
  | 'getXdbcTypeInfo'
>;

export function metadataCommands(metadata: MetadataService, facts: ServerFacts): MetadataCommands {
  const info = sqlInfo(facts);
  return {
    getCatalogs: async (call) => (await metadata.catalogs(call)).toSorted(byText).map((name) => [name]),

    getDbSchemas: async (call, command) => {
      const schemas = await metadata.schemas(call, {
        ...given('catalog', command.catalog),
        ...given('schemaPattern', command.db_schema_filter_pattern),
      });
      return schemas.map(({ catalog, schema }) => [catalog, schema]).toSorted(byColumns);
    },

    getTables: async (call, command) => {
      const tables = await metadata.tables(call, {
        ...given('catalog', command.catalog),
        ...given('schemaPattern', command.db_schema_filter_pattern),
        ...given('tablePattern', command.table_name_filter_pattern),
        tableTypes: command.table_types,
        includeSchema: command.include_schema,
      });
      return tables.map((table) => tableRow(table, command.include_schema)).toSorted(byColumns);
    },

    getTableTypes: async () => [['TABLE'], ['VIEW']],

    getPrimaryKeys: async (call, command) => {
      const keys = await metadata.primaryKeys(call, {
        table: command.table,
        ...given('catalog', command.catalog),
        ...given('schema', command.db_schema),
      });
      return keys.map((key) => [key.catalog, key.schema, key.table, key.column, key.sequence, null]);
    },

    // Iceberg tables have no foreign keys.
    getExportedKeys: async () => [],
    getImportedKeys: async () => [],
    getCrossReference: async () => [],

    getSqlInfo: async (_, command) => {
      const wanted = command.info.length === 0 ? [...info.keys()] : [...new Set(command.info)];
      return wanted.flatMap((code): Row[] => (info.has(code) ? [[code, info.get(code)]] : []));
    },

    getXdbcTypeInfo: async (_, command) => xdbcTypeRows(command.data_type),
  };
}

function tableRow(entry: TableEntry, includeSchema: boolean): Row {
  const names = [entry.catalog, entry.schema, entry.table, entry.type];
  return includeSchema ? [...names, encodeSchema(entry.arrowSchema ?? new Schema([]))] : names;
}

function given<Name extends string>(name: Name, value: string | null | undefined): { [key in Name]?: string } {
  return value === null || value === undefined ? {} : ({ [name]: value } as { [key in Name]: string });
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** By the leading columns of names. */
function byColumns(a: Row, b: Row): number {
  for (let i = 0; i < 3; i++) {
    const order = byText(String(a[i] ?? ''), String(b[i] ?? ''));
    if (order !== 0) return order;
  }
  return 0;
}
