/** Columns of unions whose values all have one type, as the column of that type: some clients bind every parameter as a union. */
import { type DataType, Field, Schema, Type, type Union } from 'apache-arrow';
import { SkuaError } from '../errors.js';
import type { ColumnarBatch } from './batch.js';
import { batchOf, type Column, columnsOf, int32View } from './column.js';
import { takeColumn } from './take.js';

interface Batches {
  schema: Schema;
  batches: ColumnarBatch[];
}

/** The same rows without unions at the top level. Values of several types in one column: UNIMPLEMENTED. */
export function withoutUnions({ schema, batches }: Batches): Batches {
  if (!schema.fields.some(({ type }) => isUnion(type))) return { schema, batches };
  const parts = batches.map((batch) => columnsOf(schema, batch));
  const fields = schema.fields.map((field, index) => {
    if (!isUnion(field.type)) return field;
    const column = parts.flatMap((columns) => columns[index] ?? []);
    const member = onlyMember(field.name, field.type, column);
    for (const columns of parts) columns[index] = memberColumn(columns[index] as Column, member);
    return new Field(field.name, (field.type.children[member] as Field).type, true, field.metadata);
  });
  return {
    schema: new Schema(fields, schema.metadata),
    batches: batches.map(({ length }, index) => batchOf(parts[index] as Column[], length)),
  };
}

function isUnion(type: DataType): type is Union {
  return type.typeId === Type.Union;
}

/** The index of the child that has the values; the first where there are none. */
function onlyMember(name: string, type: Union, parts: readonly Column[]): number {
  const ids = new Set(parts.flatMap(({ buffers, length }) => [...(buffers[0] as Uint8Array).subarray(0, length)]));
  if (ids.size > 1) throw new SkuaError('UNIMPLEMENTED', `the values of ${name} have several types; bind them as one`);
  const [id] = ids;
  const member = id === undefined ? 0 : type.typeIds.indexOf(id);
  if (!type.children[member]) throw new SkuaError('INVALID_ARGUMENT', `the union ${name} has no member ${id}`);
  return member;
}

/** A dense union says where in its child each value is; a sparse one has them in order (Arrow columnar format, "Union Layout"). */
function memberColumn(union: Column, member: number): Column {
  const child = union.children[member] as Column;
  const offsets = union.buffers[1];
  if (offsets === undefined) return child;
  return takeColumn(child, int32View(offsets).subarray(0, union.length));
}
