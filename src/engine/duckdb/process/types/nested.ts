/** Values inside structs, lists and maps, rebuilt with some of their leaves changed. */
import { DataType, type Field, FixedSizeList, LargeList, List, Map_, Struct, Type } from 'apache-arrow';
import { quoteIdentifier, quoteText } from '../native/text.js';
import { childOf, entryFields, isVariant } from './sql-type.js';

/** Which fields are changed, and how: `sql` gives a changed value from one that lies in a field of that kind, null included. */
export interface LeafChange {
  is(field: Field): boolean;
  sql(field: Field, value: string): string;
}

/** Whether a leaf of the kind is the field or lies inside it. A variant has no fields inside. */
export function holds(field: Field, is: (field: Field) => boolean): boolean {
  if (is(field)) return true;
  return !isVariant(field) && ((field.type.children ?? []) as Field[]).some((child) => holds(child, is));
}

/** The value with all its leaves of the kind changed; the same expression where it has none. */
export function withLeaves(field: Field, value: string, change: LeafChange, depth = 0): string {
  if (!holds(field, change.is)) return value;
  if (change.is(field)) return change.sql(field, value);
  const { type } = field;
  const item = `x${depth}`;
  const unlessNull = (sql: string) => `CASE WHEN ${value} IS NULL THEN NULL ELSE ${sql} END`;
  if (DataType.isStruct(type)) {
    const parts = (type.children as Field[]).map((child) => {
      const part = withLeaves(child, `struct_extract(${value}, ${quoteText(child.name)})`, change, depth);
      return `${quoteIdentifier(child.name)} := ${part}`;
    });
    return unlessNull(`struct_pack(${parts.join(', ')})`);
  }
  if (DataType.isMap(type)) {
    const [key, entry] = entryFields(type);
    const [newKey, newValue] = [`${item}.key`, `${item}.value`].map((part, index) =>
      withLeaves(index === 0 ? key : entry, part, change, depth + 1),
    );
    const pair = `struct_pack(key := ${newKey}, value := ${newValue})`;
    return unlessNull(`map_from_entries(list_transform(map_entries(${value}), lambda ${item}: ${pair}))`);
  }
  return `list_transform(${value}, lambda ${item}: ${withLeaves(childOf(type), item, change, depth + 1)})`;
}

/** The field with other leaves in the place of those of the kind. */
export function withLeafFields(field: Field, is: (field: Field) => boolean, leaf: (field: Field) => Field): Field {
  if (is(field)) return leaf(field);
  if (!holds(field, is)) return field;
  const children = ((field.type.children ?? []) as Field[]).map((child) => withLeafFields(child, is, leaf));
  return field.clone({ type: withChildren(field.type, children) });
}

function withChildren(type: DataType, children: Field[]): DataType {
  const [child] = children as [Field];
  if (DataType.isStruct(type)) return new Struct(children);
  if (DataType.isMap(type)) return new Map_(child as ConstructorParameters<typeof Map_>[0], type.keysSorted);
  if (DataType.isFixedSizeList(type)) return new FixedSizeList(type.listSize, child);
  return type.typeId === Type.LargeList ? new LargeList(child) : new List(child);
}
