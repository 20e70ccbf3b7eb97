/** Structs and lists of Thrift's compact protocol, taken apart one level deep and put together again; what is inside stays bytes. */
import { CompactReader, compactTypes } from './compact-reader.js';

export interface ThriftField {
  id: number;
  /** Of a boolean, its value too. */
  type: number;
  value: Uint8Array;
}

export interface ThriftList {
  type: number;
  elements: Uint8Array[];
}

/** The fields of the struct that the bytes begin with. */
export function readFields(bytes: Uint8Array): ThriftField[] {
  return readStruct(bytes).fields;
}

/** The same with the struct's length in bytes. */
export function readStruct(bytes: Uint8Array): { fields: ThriftField[]; length: number } {
  const reader = new CompactReader(bytes);
  const fields: ThriftField[] = [];
  reader.fields((id, type) => {
    const start = reader.at;
    reader.skip(type);
    fields.push({ id, type, value: bytes.subarray(start, reader.at) });
  });
  return { fields, length: reader.at };
}

export function writeFields(fields: readonly ThriftField[]): Uint8Array {
  const parts: Uint8Array[] = [];
  let last = 0;
  for (const { id, type, value } of fields) {
    const delta = id - last;
    if (delta > 0 && delta < 16) parts.push(Uint8Array.of((delta << 4) | type), value);
    else parts.push(Uint8Array.of(type), integer(id), value);
    last = id;
  }
  parts.push(Uint8Array.of(0));
  return Buffer.concat(parts);
}

/** The elements of the list that the bytes begin with. */
export function readList(bytes: Uint8Array): ThriftList {
  const reader = new CompactReader(bytes);
  const list: ThriftList = { type: compactTypes.struct, elements: [] };
  reader.list((type) => {
    const start = reader.at;
    reader.skip(type);
    list.type = type;
    list.elements.push(bytes.subarray(start, reader.at));
  });
  return list;
}

export function writeList({ type, elements }: ThriftList): Uint8Array {
  const head = elements.length < 15 ? [(elements.length << 4) | type] : [0xf0 | type, ...unsigned(elements.length)];
  return Buffer.concat([Uint8Array.from(head), ...elements]);
}

/** The i32 or i64 of a field; undefined where the struct has none by that id. */
export function integerOf(fields: readonly ThriftField[], id: number): number | undefined {
  const found = fields.find((field) => field.id === id);
  return found && new CompactReader(found.value).integer();
}

/** An i32 or i64. */
export function integer(value: number): Uint8Array {
  return Uint8Array.from(unsigned(value < 0 ? -value * 2 - 1 : value * 2));
}

/** A string. */
export function text(value: string): Uint8Array {
  const bytes = Buffer.from(value);
  return Buffer.concat([Uint8Array.from(unsigned(bytes.length)), bytes]);
}

function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return bytes;
}
