/** Columns as Flight SQL and SQL tools describe them: type names, sizes, remarks. */
import { Field, Schema } from 'apache-arrow';
import type { MaskedField } from '../../governance/index.js';
import { fieldToResult, typeToSql } from '../../iceberg/index.js';
import type { Schema as IcebergSchema, NestedField, Type } from '../../iceberg/types.js';
import { schemaName, type TableName } from '../tables/names.js';

export interface ColumnDescription {
  name: string;
  /** As CREATE TABLE takes it. */
  type: string;
  nullable: boolean;
  /** Digits, characters or bits, as the type has them. */
  precision: number | undefined;
  scale: number | undefined;
  comment: string | undefined;
}

function describeColumn(field: NestedField): ColumnDescription {
  const { precision, scale } = sizeOf(field.type);
  return {
    name: field.name,
    type: typeToSql(field.type),
    nullable: !field.required,
    precision,
    scale,
    comment: field.doc,
  };
}

/** The Arrow schema of a table with the column metadata of Flight SQL (`ARROW:FLIGHT:SQL:*`). */
export function describeFields(name: TableName, schema: IcebergSchema, masked: readonly MaskedField[] = []): Schema {
  const fields = schema.fields.map((icebergField) => {
    const field = fieldToResult(icebergField);
    const column = describeColumn(icebergField);
    const metadata = new Map(field.metadata);
    const put = (key: string, value: string | number | undefined) => {
      if (value !== undefined) metadata.set(`ARROW:FLIGHT:SQL:${key}`, String(value));
    };
    put('CATALOG_NAME', name.catalog);
    put('SCHEMA_NAME', schemaName(name.namespace));
    put('TABLE_NAME', name.name);
    put('TYPE_NAME', column.type);
    put('PRECISION', column.precision);
    put('SCALE', column.scale);
    put('IS_AUTO_INCREMENT', 0);
    put('IS_CASE_SENSITIVE', column.type === 'VARCHAR' ? 1 : 0);
    put('IS_READ_ONLY', 0);
    put('IS_SEARCHABLE', 1);
    put('REMARKS', remarksOf(icebergField.name, column.comment, masked));
    return new Field(field.name, field.type, field.nullable, metadata);
  });
  return new Schema(fields);
}

/** The column's comment, and before it how the caller sees the column masked. */
function remarksOf(column: string, comment: string | undefined, masked: readonly MaskedField[]): string | undefined {
  const masks = masked.filter((field) => field.column === column);
  if (masks.length === 0) return comment;
  const actions = masks.map(({ name, action }) => (name === column ? action : `${name}: ${action}`));
  const remark = `masked for you (${actions.join(', ')})`;
  return comment === undefined ? remark : `${remark}; ${comment}`;
}

const PRECISIONS: Record<string, number> = {
  boolean: 1,
  int: 10,
  long: 19,
  float: 7,
  double: 15,
  date: 10,
  time: 15,
  timestamp: 26,
  timestamptz: 32,
  timestamp_ns: 29,
  timestamptz_ns: 35,
  string: 2_147_483_647,
  uuid: 36,
  binary: 2_147_483_647,
};

const SCALES: Record<string, number> = {
  int: 0,
  long: 0,
  time: 6,
  timestamp: 6,
  timestamptz: 6,
  timestamp_ns: 9,
  timestamptz_ns: 9,
};

function sizeOf(type: Type): { precision: number | undefined; scale: number | undefined } {
  if (type.kind === 'decimal') return { precision: type.precision, scale: type.scale };
  if (type.kind === 'fixed') return { precision: type.length, scale: undefined };
  if (type.kind === 'primitive') return { precision: PRECISIONS[type.type], scale: SCALES[type.type] };
  return { precision: undefined, scale: undefined };
}
