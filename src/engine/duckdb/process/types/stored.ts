/**
 * Values of types that files and Arrow arrays hold as something else: moments in nanoseconds, as TIMESTAMP_NS, variants and spatial values, as
 * bytes.
 */
import { Binary, DataType, Field, TimestampNanosecond } from 'apache-arrow';
import { holds, type LeafChange, withLeafFields, withLeaves } from './nested.js';
import { isNanosecondTimestamp, isSpatial, isVariant, isZonedNanoseconds, sqlTypeOf } from './sql-type.js';
import { variantBytesField, variantBytesSql, variantOfBytesSql } from './variants.js';
import { clockSql, momentSql } from './zoned-nanoseconds.js';

/** Whether the field, or one inside it, is stored as something else. */
export function isStoredOtherwise(field: Field): boolean {
  return holds(field, isLeaf);
}

/** The field as it is stored. */
export function storedField(field: Field): Field {
  return withLeafFields(field, isLeaf, (leaf) => {
    if (isVariant(leaf)) return variantBytesField(leaf);
    if (isSpatial(leaf)) return new Field(leaf.name, new Binary(), leaf.nullable);
    return leaf.clone({ type: new TimestampNanosecond() });
  });
}

/** A value as it is stored as one of the field's own type. */
export function fromStoredSql(field: Field, value: string): string {
  const list = withLeaves(field, value, reading);
  // Of a list that DuckDB has as an array.
  return DataType.isFixedSizeList(field.type) && list !== value ? `CAST(${list} AS ${sqlTypeOf(field)})` : list;
}

/** A value of the type `from`, if that is known, that can become one of the field's type, as it is stored. */
export function storedSql(field: Field, value: string, from?: Field): string {
  if (isZonedNanoseconds(field)) {
    if (from && isZonedNanoseconds(from)) return clockSql(value);
    return from && isNanosecondTimestamp(from) ? value : `CAST(CAST(${value} AS VARCHAR) AS TIMESTAMP_NS)`;
  }
  return withLeaves(field, `CAST(${value} AS ${sqlTypeOf(field)})`, writing);
}

function isLeaf(field: Field): boolean {
  return isZonedNanoseconds(field) || isVariant(field) || isSpatial(field);
}

const reading: LeafChange = {
  is: isLeaf,
  sql: (field, value) => {
    if (isVariant(field)) return variantOfBytesSql(value);
    return isSpatial(field) ? `ST_GeomFromWKB(${value})` : momentSql(value);
  },
};

const writing: LeafChange = {
  is: isLeaf,
  sql: (field, value) => {
    if (isVariant(field)) return variantBytesSql(field, value);
    return isSpatial(field) ? `ST_AsWKB(${value})` : clockSql(value);
  },
};
