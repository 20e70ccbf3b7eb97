/** The columns of a data file that is written, and the fields inside them, by their ids. */
import { DataType, type Field, Type } from 'apache-arrow';
import type { TableColumn } from '../../../../expressions/index.js';
import type { WriteOptions } from '../../contract.js';
import { quoteText } from '../native/text.js';
import { fieldIdOf } from '../scans/evolution.js';
import { withLeaves } from '../types/nested.js';
import { childOf, entryFields, isNanosecondTimestamp, isUuid, isVariant } from '../types/sql-type.js';

/** Columns of the type `unknown` are in no data file (Iceberg spec, "Primitive Types"). */
export function storedColumns({ columns, unknown }: WriteOptions): TableColumn[] {
  return unknown === 'leave out' ? columns.filter(({ field }) => !DataType.isNull(field.type)) : columns;
}

/** Columns of fixed(n), which the engine knows as bytes of any length, by field id. */
export function fixedWidths(options: WriteOptions): Map<number, number> {
  return new Map(
    fieldsWithIds(options).flatMap(([field, id]): [number, number][] => {
      return DataType.isFixedSizeBinary(field.type) && !isUuid(field) ? [[id, field.type.byteWidth]] : [];
    }),
  );
}

/** Columns and what lies inside them, with their field ids. */
export function fieldsWithIds(options: WriteOptions): [Field, number][] {
  const found: [Field, number][] = [];
  const look = (field: Field, id: number | undefined) => {
    if (id !== undefined) found.push([field, id]);
    for (const [, child] of childIds(field)) look(child, fieldIdOf(child));
  };
  for (const { field, fieldId } of storedColumns(options)) look(field, fieldId);
  return found;
}

/** The value of FIELD_IDS for one field: its id, or its own and its children's. */
export function fieldIdsSql(field: Field, id: number | undefined): string | undefined {
  const entries = childIds(field).flatMap(([name, child]) => {
    const ids = fieldIdsSql(child, fieldIdOf(child));
    return ids === undefined ? [] : [`${quoteText(name)}: ${ids}`];
  });
  if (entries.length === 0) return id === undefined ? undefined : String(id);
  if (id !== undefined) entries.unshift(`'__duckdb_field_id': ${id}`);
  return `{${entries.join(', ')}}`;
}

function childIds(field: Field): [string, Field][] {
  const { type } = field;
  if (isVariant(field)) return [];
  if (DataType.isStruct(type)) return (type.children as Field[]).map((child) => [child.name, child]);
  if (DataType.isMap(type)) {
    const [key, value] = entryFields(type);
    return [
      ['key', key],
      ['value', value],
    ];
  }
  if (DataType.isList(type) || type.typeId === Type.LargeList) return [['element', childOf(type)]];
  return [];
}

/**
 * A column's value as the engine is to write it: times in nanoseconds as whole numbers, which the footer then calls times by their field ids. The
 * engine tells the bounds of what it writes as text, and has none for the times of the first day that 64 bits reach, 1677-09-21; the last time it
 * takes for infinity.
 */
export function inFileSql(field: Field, value: string): string {
  const is = (leaf: Field) => isNanosecondTimestamp(leaf) && (leaf === field || fieldIdOf(leaf) !== undefined);
  return withLeaves(field, value, { is, sql: (_, time) => `epoch_ns(${time})` });
}
