/** Moments in nanoseconds between the type that queries see and TIMESTAMP_NS, which is what files and Arrow arrays hold; at any depth. */
import { DataType, Field, FixedSizeList, LargeList, List, Map_, Struct, TimestampNanosecond, Type } from 'apache-arrow';
import { zonedNanoseconds } from '../native/named-types.js';
import { quoteIdentifier, quoteText } from '../native/text.js';
import { childOf, entryFields, isZonedNanoseconds, sqlTypeOf } from './sql-type.js';

/**
 * A TIMESTAMP_NS that holds UTC, as the moment. DuckDB casts between the two by way of text, or of microseconds where nothing is finer.
 */
export function momentSql(value: string): string {
  return (
    `CASE WHEN epoch_ns(${value}) % 1000 = 0 THEN CAST(CAST(${value} AS TIMESTAMP) AS ${zonedNanoseconds}) ` +
    `ELSE CAST(CAST(${value} AS VARCHAR) AS ${zonedNanoseconds}) END`
  );
}

/** The moment as a TIMESTAMP_NS that holds UTC. */
function clockSql(value: string): string {
  const cut = `CAST(${value} AS TIMESTAMP)`;
  return (
    `CASE WHEN CAST(${cut} AS ${zonedNanoseconds}) = ${value} THEN CAST(${cut} AS TIMESTAMP_NS) ` +
    `ELSE CAST(CAST(${value} AS VARCHAR) AS TIMESTAMP_NS) END`
  );
}

/** The field with TIMESTAMP_NS in the place of moments. */
export function withClocks(field: Field): Field {
  const { type } = field;
  if (!holdsMoments(field)) return field;
  const children = ((type.children ?? []) as Field[]).map(withClocks);
  return new Field(field.name, withChildren(type, children), field.nullable, field.metadata);
}

function withChildren(type: DataType, children: Field[]): DataType {
  const [child] = children;
  if (child === undefined) return new TimestampNanosecond();
  if (DataType.isStruct(type)) return new Struct(children);
  if (DataType.isMap(type)) return new Map_(child as ConstructorParameters<typeof Map_>[0], type.keysSorted);
  if (DataType.isFixedSizeList(type)) return new FixedSizeList(type.listSize, child);
  return type.typeId === Type.LargeList ? new LargeList(child) : new List(child);
}

export function holdsMoments(field: Field): boolean {
  return isZonedNanoseconds(field) || ((field.type.children ?? []) as Field[]).some(holdsMoments);
}

/** A value with TIMESTAMP_NS inside as a value of the field's own type. */
export function momentsSql(field: Field, value: string): string {
  return converted(field, value, momentSql, 0);
}

/** A value of the field's type with TIMESTAMP_NS in the place of moments. */
function clocksSql(field: Field, value: string): string {
  return converted(field, value, clockSql, 0);
}

/** Any value that can become one of the field's type, as a file holds it. */
export function storedSql(field: Field, value: string): string {
  if (isZonedNanoseconds(field)) return `CAST(CAST(${value} AS VARCHAR) AS TIMESTAMP_NS)`;
  return clocksSql(field, `CAST(${value} AS ${sqlTypeOf(field)})`);
}

function converted(field: Field, value: string, leaf: (value: string) => string, depth: number): string {
  if (!holdsMoments(field)) return value;
  if (isZonedNanoseconds(field)) return leaf(value);
  const { type } = field;
  const item = `x${depth}`;
  const unlessNull = (sql: string) => `CASE WHEN ${value} IS NULL THEN NULL ELSE ${sql} END`;
  if (DataType.isStruct(type)) {
    const parts = (type.children as Field[]).map((child) => {
      const part = converted(child, `struct_extract(${value}, ${quoteText(child.name)})`, leaf, depth);
      return `${quoteIdentifier(child.name)} := ${part}`;
    });
    return unlessNull(`struct_pack(${parts.join(', ')})`);
  }
  if (DataType.isMap(type)) {
    const [key, entry] = entryFields(type);
    const pair = `struct_pack(key := ${converted(key, `${item}.key`, leaf, depth + 1)}, value := ${converted(entry, `${item}.value`, leaf, depth + 1)})`;
    return unlessNull(`map_from_entries(list_transform(map_entries(${value}), lambda ${item}: ${pair}))`);
  }
  const element = childOf(type);
  const list = `list_transform(${value}, lambda ${item}: ${converted(element, item, leaf, depth + 1)})`;
  // Of a list that DuckDB has as an array.
  return DataType.isFixedSizeList(type) && leaf === momentSql ? `CAST(${list} AS ${sqlTypeOf(field)})` : list;
}
