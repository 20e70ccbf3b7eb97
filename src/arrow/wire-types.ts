/**
 * Types that the Arrow library knows by number alone: views of lists, and runs (Arrow columnar format, "ListView Layout" and "Run-End Encoded
 * Layout"). Their fields are read as those of lists and structs, from a message in which they are named so.
 */
import {
  Type as ArrowType,
  DataType,
  Dictionary,
  Field,
  FixedSizeList,
  LargeList,
  List,
  Map_,
  Schema,
  Struct,
  Union,
} from 'apache-arrow';
import type { Field as FieldTable } from 'apache-arrow/fb/field';
import { Message as MessageTable } from 'apache-arrow/fb/message';
import { MessageHeader } from 'apache-arrow/fb/message-header';
import { Schema as SchemaTable } from 'apache-arrow/fb/schema';
import { Type } from 'apache-arrow/fb/type';
import { ByteBuffer } from 'flatbuffers';

export class ListView extends List {}
export class LargeListView extends LargeList {}
/** Its children are the ends of the runs and their values. */
export class Runs extends Struct {}

/** Layouts that columns have on the wire alone. */
export type WireLayout = { kind: 'listView'; width: 4 | 8 } | { kind: 'runs' };

export function wireLayoutOf(type: DataType): WireLayout | undefined {
  if (type instanceof ListView) return { kind: 'listView', width: 4 };
  if (type instanceof LargeListView) return { kind: 'listView', width: 8 };
  return type instanceof Runs ? { kind: 'runs' } : undefined;
}

const READ_AS = new Map<Type, Type>([
  [Type.ListView, Type.List],
  [Type.LargeListView, Type.LargeList],
  [Type.RunEndEncoded, Type.Struct_],
]);

/** The place of `type_type` in the table of a field (`Schema.fbs`). */
const TYPE_SLOT = 8;

/** Names the types so in the header of a schema, which is changed. What they were, in the order of the fields with those inside them. */
export function renameTypes(header: Uint8Array): (Type | undefined)[] {
  const message = MessageTable.getRootAsMessage(new ByteBuffer(header));
  if (message.headerType() !== MessageHeader.Schema) return [];
  const schema = message.header(new SchemaTable()) as SchemaTable;
  const types: (Type | undefined)[] = [];
  const visit = (field: FieldTable) => {
    const type = field.typeType();
    const other = READ_AS.get(type);
    types.push(other === undefined ? undefined : type);
    const buffer = field.bb as ByteBuffer;
    if (other !== undefined) buffer.writeUint8(field.bb_pos + buffer.__offset(field.bb_pos, TYPE_SLOT), other);
    for (let index = 0; index < field.childrenLength(); index++) visit(field.children(index) as FieldTable);
  };
  for (let index = 0; index < schema.fieldsLength(); index++) visit(schema.fields(index) as FieldTable);
  return types;
}

/** The schema that was read of such a message, with the types as they were. */
export function asNamed(schema: Schema, types: readonly (Type | undefined)[]): Schema {
  if (types.every((type) => type === undefined)) return schema;
  let next = 0;
  const visit = (field: Field): Field => {
    const written = types[next++];
    const inside: Field[] = (field.type.children ?? []).map(visit);
    return new Field(field.name, typeOf(field.type, written, inside), field.nullable, field.metadata);
  };
  return new Schema(schema.fields.map(visit), schema.metadata);
}

function typeOf(type: DataType, written: Type | undefined, children: Field[]): DataType {
  if (DataType.isDictionary(type)) {
    const { dictionary, indices, id, isOrdered } = type as Dictionary;
    return new Dictionary(typeOf(dictionary, written, children), indices, id, isOrdered);
  }
  const [child] = children as [Field];
  if (written === Type.ListView) return new ListView(child);
  if (written === Type.LargeListView) return new LargeListView(child);
  if (written === Type.RunEndEncoded) return new Runs(children);
  return children.length === 0 ? type : withChildren(type, children);
}

/** The type with other fields inside. */
export function withChildren(type: DataType, children: Field[]): DataType {
  const [child] = children as [Field];
  if (type.typeId === ArrowType.List) return new List(child);
  if (type.typeId === ArrowType.LargeList) return new LargeList(child);
  if (DataType.isFixedSizeList(type)) return new FixedSizeList(type.listSize, child);
  if (DataType.isMap(type)) return new Map_(child, type.keysSorted);
  if (DataType.isStruct(type)) return new Struct(children);
  const { mode, typeIds } = type as Union;
  return new Union(mode, typeIds, children);
}
