/** Columns of rows that are written, in the SQL of the engine. */
import type { NestedField, Schema, Type } from '../../../iceberg/types.js';

export interface SourceColumn {
  /** Over the top-level columns as `c0`, `c1`, … */
  sql: string;
  type: Type;
}

/** A column, or a field inside structs, by field id; undefined for what is not there, and for what is inside lists and maps. */
export function sourceColumn(schema: Schema, fieldId: number): SourceColumn | undefined {
  for (const [index, column] of schema.fields.entries()) {
    const found = fieldIn(`c${index}`, column, fieldId);
    if (found) return found;
  }
  return undefined;
}

function fieldIn(sql: string, { id, type }: NestedField, fieldId: number): SourceColumn | undefined {
  if (id === fieldId) return { sql, type };
  if (type.kind !== 'struct') return undefined;
  for (const field of type.fields) {
    const found = fieldIn(`struct_extract(${sql}, '${field.name.replaceAll("'", "''")}')`, field, fieldId);
    if (found) return found;
  }
  return undefined;
}
