/** What there is: catalogs, schemas, tables, keys, types, and what the server says of itself. */
import type { Schema } from 'apache-arrow';
import { decodeSchema } from '../../arrow/index.js';
import { type Codec, flightSql } from '../../flight/protocol.js';
import type { CallOptions, TableName } from '../contract.js';
import type { Row } from '../rows.js';
import { type Connection, command } from './connection.js';

export interface SchemaInfo {
  catalog: string | null;
  schema: string;
}

export interface TableInfo {
  catalog: string | null;
  schema: string | null;
  table: string;
  /** `TABLE` or `VIEW`. */
  type: string;
  /** Where `columns` was asked for: the fields carry `ARROW:FLIGHT:SQL:TYPE_NAME`, `…:REMARKS` and the like. */
  columns?: Schema;
}

/** Patterns are those of LIKE, with `\` as the escape. What is left out matches all. */
export interface SchemaFilter extends CallOptions {
  catalog?: string;
  schemaPattern?: string;
}

export interface TableFilter extends SchemaFilter {
  tablePattern?: string;
  /** `TABLE`, `VIEW`; none means all. */
  types?: readonly string[];
  /** Also loads each table, for its columns. Default: false. */
  columns?: boolean;
}

export interface KeyColumn {
  catalog: string | null;
  schema: string | null;
  table: string;
  column: string;
  /** From 1 on. */
  sequence: number;
  name: string | null;
}

/** A column of a foreign key, and what it refers to. */
export interface ForeignKeyColumn {
  primary: Omit<KeyColumn, 'sequence'>;
  foreign: Omit<KeyColumn, 'sequence'>;
  sequence: number;
}

export class FlightMetadata {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async catalogs(options: CallOptions = {}): Promise<string[]> {
    return (await this.#rows(flightSql.CommandGetCatalogs, {}, options)).map((row) => row.catalog_name as string);
  }

  async schemas({ catalog, schemaPattern, ...options }: SchemaFilter = {}): Promise<SchemaInfo[]> {
    const filter = { catalog, db_schema_filter_pattern: schemaPattern };
    const rows = await this.#rows(flightSql.CommandGetDbSchemas, filter, options);
    return rows.map((row) => ({ catalog: row.catalog_name as string | null, schema: row.db_schema_name as string }));
  }

  async tables(filter: TableFilter = {}): Promise<TableInfo[]> {
    const request = {
      catalog: filter.catalog,
      db_schema_filter_pattern: filter.schemaPattern,
      table_name_filter_pattern: filter.tablePattern,
      table_types: [...(filter.types ?? [])],
      include_schema: filter.columns ?? false,
    };
    const rows = await this.#rows(flightSql.CommandGetTables, request, filter);
    return rows.map((row) => ({
      catalog: row.catalog_name as string | null,
      schema: row.db_schema_name as string | null,
      table: row.table_name as string,
      type: row.table_type as string,
      ...(row.table_schema instanceof Uint8Array ? { columns: decodeSchema(row.table_schema) } : {}),
    }));
  }

  async tableTypes(options: CallOptions = {}): Promise<string[]> {
    return (await this.#rows(flightSql.CommandGetTableTypes, {}, options)).map((row) => row.table_type as string);
  }

  /** The columns of the primary key, in its order. */
  async primaryKeys({ catalog, schema, table }: TableName, options: CallOptions = {}): Promise<KeyColumn[]> {
    const rows = await this.#rows(flightSql.CommandGetPrimaryKeys, { catalog, db_schema: schema, table }, options);
    return rows.map((row) => ({ ...keyColumn(row, '', 'key_name'), sequence: row.key_sequence as number }));
  }

  /** The foreign keys of other tables that refer to this one. */
  async exportedKeys({ catalog, schema, table }: TableName, options: CallOptions = {}): Promise<ForeignKeyColumn[]> {
    const request = { catalog, db_schema: schema, table };
    return (await this.#rows(flightSql.CommandGetExportedKeys, request, options)).map(foreignKey);
  }

  /** The foreign keys of this table. */
  async importedKeys({ catalog, schema, table }: TableName, options: CallOptions = {}): Promise<ForeignKeyColumn[]> {
    const request = { catalog, db_schema: schema, table };
    return (await this.#rows(flightSql.CommandGetImportedKeys, request, options)).map(foreignKey);
  }

  /** The types of the server, as GetXdbcTypeInfo has them. */
  async types(options: CallOptions = {}): Promise<Row[]> {
    return this.#rows(flightSql.CommandGetXdbcTypeInfo, {}, options);
  }

  /** What the server says of itself, by the numbers of `SqlInfo`. */
  async serverInfo(codes: readonly number[] = [], options: CallOptions = {}): Promise<Map<number, unknown>> {
    const rows = await this.#rows(flightSql.CommandGetSqlInfo, { info: [...codes] }, options);
    return new Map(rows.map((row) => [row.info_name as number, row.value]));
  }

  async #rows<T>(message: Codec<T>, request: Partial<T>, options: CallOptions): Promise<Row[]> {
    const result = await this.#connection.query(command(message, request), options);
    const rows: Row[] = [];
    for await (const row of result.rows()) rows.push(row);
    return rows;
  }
}

function keyColumn(row: Row, prefix: string, name: string): Omit<KeyColumn, 'sequence'> {
  return {
    catalog: row[`${prefix}catalog_name`] as string | null,
    schema: row[`${prefix}db_schema_name`] as string | null,
    table: row[`${prefix}table_name`] as string,
    column: row[`${prefix}column_name`] as string,
    name: row[name] as string | null,
  };
}

function foreignKey(row: Row): ForeignKeyColumn {
  return {
    primary: keyColumn(row, 'pk_', 'pk_key_name'),
    foreign: keyColumn(row, 'fk_', 'fk_key_name'),
    sequence: row.key_sequence as number,
  };
}
