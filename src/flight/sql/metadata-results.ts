/** The commands whose result has a reference schema: which schema, and which method gives the rows. */
import type { Schema } from 'apache-arrow';
import type { FlightCall } from '../flight-call.js';
import type { Codec } from '../proto.js';
import type { FlightSql, Row } from './flight-sql.js';
import * as sql from './messages.js';
import * as schemas from './result-schemas.js';

export interface MetadataResult {
  schema: Schema;
  rows(service: FlightSql, call: FlightCall): Promise<Row[]>;
}

type Entry = (value: Uint8Array) => MetadataResult;

function entry<T>(
  codec: Codec<T>,
  schema: Schema | ((command: T) => Schema),
  rows: (service: FlightSql, call: FlightCall, command: T) => Promise<Row[]>,
): [string, Entry] {
  return [
    codec.typeName,
    (value) => {
      const command = codec.decode(value);
      return {
        schema: typeof schema === 'function' ? schema(command) : schema,
        rows: (service, call) => rows(service, call, command),
      };
    },
  ];
}

const COMMANDS = new Map<string, Entry>([
  entry(sql.CommandGetCatalogs, schemas.CATALOGS, (service, call) => service.getCatalogs(call)),
  entry(sql.CommandGetDbSchemas, schemas.DB_SCHEMAS, (service, call, command) => service.getDbSchemas(call, command)),
  entry(
    sql.CommandGetTables,
    (command) => (command.include_schema ? schemas.TABLES_WITH_SCHEMA : schemas.TABLES),
    (service, call, command) => service.getTables(call, command),
  ),
  entry(sql.CommandGetTableTypes, schemas.TABLE_TYPES, (service, call) => service.getTableTypes(call)),
  entry(sql.CommandGetPrimaryKeys, schemas.PRIMARY_KEYS, (service, call, command) =>
    service.getPrimaryKeys(call, command),
  ),
  entry(sql.CommandGetExportedKeys, schemas.FOREIGN_KEYS, (service, call, command) =>
    service.getExportedKeys(call, command),
  ),
  entry(sql.CommandGetImportedKeys, schemas.FOREIGN_KEYS, (service, call, command) =>
    service.getImportedKeys(call, command),
  ),
  entry(sql.CommandGetCrossReference, schemas.FOREIGN_KEYS, (service, call, command) =>
    service.getCrossReference(call, command),
  ),
  entry(sql.CommandGetSqlInfo, schemas.SQL_INFO, (service, call, command) => service.getSqlInfo(call, command)),
  entry(sql.CommandGetXdbcTypeInfo, schemas.XDBC_TYPE_INFO, (service, call, command) =>
    service.getXdbcTypeInfo(call, command),
  ),
]);

/** The metadata command of that message type; undefined where it is none. */
export function metadataResult(typeName: string, value: Uint8Array): MetadataResult | undefined {
  return COMMANDS.get(typeName)?.(value);
}
