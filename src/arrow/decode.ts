/** Arrow IPC messages, read. What a client sends becomes plain columns: no dictionaries, no view types, no compression. */
import { type DataType, type Dictionary, Field, Schema, Type } from 'apache-arrow';
import { type DictionaryBatch, Message, type RecordBatch } from 'apache-arrow/ipc/metadata/message';
import { messageOf, SkuaError } from '../errors.js';
import type { ColumnarBatch } from './batch.js';
import { batchOf, type Column, ColumnReader } from './column.js';
import { concatColumns } from './concat.js';
import { decompressor } from './decompress.js';
import { plainColumn, plainField } from './plain.js';
import { checkColumn, checkField, checkHeader } from './untrusted.js';
import { asNamed, renameTypes } from './wire-types.js';

/** A schema as it stands in `FlightInfo.schema`: encapsulated; the bare flatbuffer, which some clients send, is read as well. */
export function decodeSchema(bytes: Uint8Array): Schema {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const encapsulated = bytes.byteLength >= 8 && view.getUint32(0, true) === 0xffffffff;
  return decodeSchemaMessage(encapsulated ? bytes.subarray(8) : bytes);
}

/** The schema of a Schema message, dictionaries and view types included as the sender wrote them. */
export function decodeSchemaMessage(header: Uint8Array): Schema {
  return reading(() => {
    // The flatbuffer accessors make typed arrays over their input, which only an aligned copy allows.
    const aligned = new Uint8Array(header);
    const types = renameTypes(aligned);
    const message = Message.decode(aligned);
    if (!message.isSchema()) throw new SkuaError('INVALID_ARGUMENT', 'expected an Arrow schema message');
    return asNamed(message.header() as Schema, types);
  });
}

/** One stream of IPC messages: a schema, then dictionaries and record batches. */
export class IpcDecoder {
  #wire: Schema | undefined;
  #schema: Schema | undefined;
  readonly #dictionaries = new Map<number, Column>();
  readonly #untrusted: boolean;

  /** `untrusted` messages are checked through and through; the others come from somebody who builds them well. */
  constructor(options: { untrusted?: boolean } = {}) {
    this.#untrusted = options.untrusted ?? false;
  }

  /** The schema of the batches that `decode` returns; undefined until its message has come. */
  get schema(): Schema | undefined {
    return this.#schema;
  }

  /**
   * Takes one message; returns the record batch if it is one. Buffers are 8-byte aligned and refer to `body` where that is aligned.
   * Malformed messages: INVALID_ARGUMENT; more bytes than a compressed body may have: RESOURCE_EXHAUSTED.
   */
  decode(header: Uint8Array, body: Uint8Array): ColumnarBatch | undefined {
    return reading(() => this.#decode(header, body));
  }

  #decode(header: Uint8Array, body: Uint8Array): ColumnarBatch | undefined {
    // The flatbuffer accessors make typed arrays over their input, which only an aligned copy allows.
    const aligned = new Uint8Array(header);
    if (this.#untrusted) checkHeader(aligned);
    const types = this.#wire === undefined ? renameTypes(aligned) : [];
    const message = Message.decode(aligned);
    if (message.isSchema()) {
      if (this.#wire !== undefined) throw new SkuaError('INVALID_ARGUMENT', 'the stream has a second schema message');
      const wire = asNamed(message.header() as Schema, types);
      if (this.#untrusted) for (const field of wire.fields) checkField(field);
      this.#wire = wire;
      this.#schema = new Schema(wire.fields.map(plainField), wire.metadata);
      return undefined;
    }
    if (this.#wire === undefined) {
      throw new SkuaError('INVALID_ARGUMENT', 'the stream has a record batch before its schema message');
    }
    if (message.isDictionaryBatch()) {
      this.#dictionary(message.header() as DictionaryBatch, body);
      return undefined;
    }
    const batch = message.header() as RecordBatch;
    const columns = this.#columns(batch, body, this.#wire.fields);
    if (this.#untrusted && columns.some(({ length }) => length !== batch.length)) {
      throw new SkuaError('INVALID_ARGUMENT', 'the columns of the record batch differ in length');
    }
    return batchOf(columns, batch.length);
  }

  #dictionary(batch: DictionaryBatch, body: Uint8Array): void {
    const type = dictionaryType(this.#wire?.fields ?? [], batch.id);
    if (type === undefined) throw new SkuaError('INVALID_ARGUMENT', `no column has the dictionary ${batch.id}`);
    const [values] = this.#columns(batch.data, body, [{ name: `of dictionary ${batch.id}`, type }]);
    const before = batch.isDelta ? this.#dictionaries.get(batch.id) : undefined;
    if (values !== undefined) this.#dictionaries.set(batch.id, before ? concatColumns(before, values) : values);
  }

  #columns(batch: RecordBatch, body: Uint8Array, fields: readonly Pick<Field, 'name' | 'type'>[]): Column[] {
    const aligned = body.byteOffset % 8 === 0 ? body : new Uint8Array(body);
    const decompress = decompressor(batch);
    const buffers = batch.buffers.map(({ offset, length }) => {
      if (!(offset >= 0 && length >= 0 && offset + length <= aligned.byteLength)) {
        throw new SkuaError('INVALID_ARGUMENT', 'a buffer of the record batch lies outside its body');
      }
      return decompress(aligned.subarray(offset, offset + length));
    });
    const reader = new ColumnReader(batch.nodes, buffers, batch.variadicBufferCounts);
    return fields.map(({ name, type }) => {
      const column = reader.read(type);
      if (this.#untrusted) checkColumn(column, name);
      return plainColumn(column, this.#dictionaries);
    });
  }
}

function dictionaryType(fields: readonly Field[], id: number): DataType | undefined {
  for (const field of fields) {
    const type: DataType = field.type;
    if (type.typeId === Type.Dictionary) {
      const dictionary = type as Dictionary;
      if (dictionary.id === id) return dictionary.dictionary;
      const nested = dictionaryType([new Field('', dictionary.dictionary)], id);
      if (nested !== undefined) return nested;
    }
    const nested = dictionaryType(type.children ?? [], id);
    if (nested !== undefined) return nested;
  }
  return undefined;
}

function reading<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof SkuaError) throw error;
    const message = messageOf(error);
    const unsupported = /^Unrecognized type/.test(message);
    throw new SkuaError(
      unsupported ? 'UNIMPLEMENTED' : 'INVALID_ARGUMENT',
      unsupported ? `an Arrow type of the schema is not supported (${message})` : 'the Arrow IPC message is malformed',
      { cause: error },
    );
  }
}
