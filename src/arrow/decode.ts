/** Arrow IPC messages, read. What a client sends becomes plain columns: no dictionaries, no view types, no compression. */
import { type DataType, type Dictionary, Field, Schema, Type } from 'apache-arrow';
import { type DictionaryBatch, Message, type RecordBatch } from 'apache-arrow/ipc/metadata/message';
import { messageOf, SkuaError } from '../errors.js';
import type { ColumnarBatch } from './batch.js';
import { batchOf, type Column, ColumnReader } from './column.js';
import { plainColumn, plainField } from './plain.js';
import { checkColumn, checkField, checkHeader } from './untrusted.js';

/** A schema as it stands in `FlightInfo.schema`: encapsulated; the bare flatbuffer, which some clients send, is read as well. */
export function decodeSchema(bytes: Uint8Array): Schema {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const encapsulated = bytes.byteLength >= 8 && view.getUint32(0, true) === 0xffffffff;
  return decodeSchemaMessage(encapsulated ? bytes.subarray(8) : bytes);
}

/** The schema of a Schema message, dictionaries and view types included as the sender wrote them. */
export function decodeSchemaMessage(header: Uint8Array): Schema {
  const message = decodeMessage(header);
  if (!message.isSchema()) throw new SkuaError('INVALID_ARGUMENT', 'expected an Arrow schema message');
  return reading(() => message.header() as Schema);
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
   * Malformed messages: INVALID_ARGUMENT; LZ4 bodies and delta dictionaries: UNIMPLEMENTED.
   */
  decode(header: Uint8Array, body: Uint8Array): ColumnarBatch | undefined {
    return reading(() => this.#decode(header, body));
  }

  #decode(header: Uint8Array, body: Uint8Array): ColumnarBatch | undefined {
    // The flatbuffer accessors make typed arrays over their input, which only an aligned copy allows.
    const aligned = new Uint8Array(header);
    if (this.#untrusted) checkHeader(aligned);
    const message = Message.decode(aligned);
    if (message.isSchema()) {
      if (this.#wire !== undefined) throw new SkuaError('INVALID_ARGUMENT', 'the stream has a second schema message');
      const wire = message.header() as Schema;
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
    if (batch.isDelta) throw new SkuaError('UNIMPLEMENTED', 'delta dictionaries are not supported');
    const type = dictionaryType(this.#wire?.fields ?? [], batch.id);
    if (type === undefined) throw new SkuaError('INVALID_ARGUMENT', `no column has the dictionary ${batch.id}`);
    const [values] = this.#columns(batch.data, body, [{ name: `of dictionary ${batch.id}`, type }]);
    if (values !== undefined) this.#dictionaries.set(batch.id, values);
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

type Zstd = { zstdDecompressSync?: (bytes: Uint8Array, options: { maxOutputLength: number }) => Uint8Array };

/** Of one buffer that comes compressed, in bytes. */
const MOST_DECOMPRESSED = 2 ** 28;

/** Undoes body compression: each buffer begins with its 64-bit uncompressed length, -1 for one that is not compressed. */
function decompressor(batch: RecordBatch): (buffer: Uint8Array) => Uint8Array {
  const compression = batch.compression;
  if (compression === null || compression === undefined) return (buffer) => buffer;
  if (compression.type !== 1) {
    throw new SkuaError('UNIMPLEMENTED', 'LZ4-compressed record batches are not supported; send them uncompressed');
  }
  // Not imported: what reads answers runs in browsers too.
  const { zstdDecompressSync } = (globalThis.process?.getBuiltinModule?.('node:zlib') ?? {}) as Zstd;
  if (zstdDecompressSync === undefined) {
    throw new SkuaError(
      'UNIMPLEMENTED',
      'zstd-compressed record batches need Node.js 22.15 or later on the server; send them uncompressed',
    );
  }
  return (buffer) => {
    if (buffer.byteLength < 8) return new Uint8Array(0);
    const length = new DataView(buffer.buffer, buffer.byteOffset).getBigInt64(0, true);
    if (length === -1n) return new Uint8Array(buffer.subarray(8));
    return new Uint8Array(
      reading(() => zstdDecompressSync(buffer.subarray(8), { maxOutputLength: MOST_DECOMPRESSED })),
    );
  };
}

function decodeMessage(header: Uint8Array): Message {
  // The flatbuffer accessors make typed arrays over their input, which only an aligned copy allows.
  return reading(() => Message.decode(new Uint8Array(header)));
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
