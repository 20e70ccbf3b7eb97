import {
  Decimal,
  Field,
  Float16,
  Int32,
  List,
  makeTable,
  Schema,
  Table,
  tableToIPC,
  Uint16,
  Utf8,
  vectorFromArray,
} from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import {
  batchBytes,
  batchToRows,
  bodyOf,
  type ColumnarBatch,
  decodeSchema,
  decodeSchemaMessage,
  encodeBatch,
  encodeSchema,
  encodeSchemaMessage,
  fromTable,
  IpcDecoder,
  rowsToBatch,
  sliceBatch,
  splitBatch,
} from '../../src/arrow/index.js';
import { everyType, everyValue, everyValueRead } from './samples.js';

function throughIpc(schema: Schema, batch: ColumnarBatch): { schema: Schema; batch: ColumnarBatch } {
  const decoder = new IpcDecoder();
  decoder.decode(encodeSchemaMessage(schema), new Uint8Array(0));
  const encoded = encodeBatch(batch);
  const decoded = decoder.decode(encoded.header, bodyOf(encoded));
  return { schema: decoder.schema as Schema, batch: decoded as ColumnarBatch };
}

/** Splits a stream in the IPC format into its messages. */
function messagesOf(stream: Uint8Array): { header: Uint8Array; body: Uint8Array }[] {
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  const messages: { header: Uint8Array; body: Uint8Array }[] = [];
  let offset = 0;
  while (offset + 8 <= stream.byteLength) {
    const length = view.getInt32(offset + 4, true);
    if (length === 0) break;
    const header = stream.subarray(offset + 8, offset + 8 + length);
    const bodyLength = bodyLengthOf(header);
    const start = offset + 8 + length;
    messages.push({ header, body: stream.subarray(start, start + bodyLength) });
    offset = start + bodyLength;
  }
  return messages;
}

function bodyLengthOf(header: Uint8Array): number {
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  const table = view.getInt32(0, true);
  const vtable = table - view.getInt32(table, true);
  const field = view.getInt16(vtable, true) > 10 ? view.getInt16(vtable + 10, true) : 0;
  return field === 0 ? 0 : Number(view.getBigInt64(table + field, true));
}

describe('schemas', () => {
  it('keep every type, name, nullability and metadata through the encapsulated form', () => {
    const decoded = decodeSchema(encodeSchema(everyType));
    expect(decoded.fields.map((field) => `${field}`)).toEqual(everyType.fields.map((field) => `${field}`));
    expect(decoded.fields.map((field) => field.nullable)).toEqual(everyType.fields.map((field) => field.nullable));
    expect(decoded.metadata.get('origin')).toBe('test');
    expect(decoded.fields.find((field) => field.name === 'uuid')?.metadata.get('ARROW:extension:name')).toBe(
      'arrow.uuid',
    );
  });

  it('are read in the bare form too', () => {
    expect(decodeSchema(encodeSchemaMessage(everyType)).fields).toHaveLength(everyType.fields.length);
  });

  it('that are no flatbuffer are refused as INVALID_ARGUMENT', () => {
    expect(() => decodeSchemaMessage(Uint8Array.of(1, 2, 3))).toThrowError(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });
});

describe('record batches', () => {
  it('of every type come back value for value', () => {
    const { schema, batch } = throughIpc(everyType, rowsToBatch(everyType, everyValue));
    expect(batchToRows(schema, batch)).toEqual(everyValueRead);
  });

  it('are read from a body at any address', () => {
    const encoded = encodeBatch(rowsToBatch(everyType, everyValue));
    const shifted = new Uint8Array(encoded.bodyLength + 3).subarray(3);
    shifted.set(bodyOf(encoded));
    const decoder = new IpcDecoder();
    decoder.decode(encodeSchemaMessage(everyType), new Uint8Array(0));
    const batch = decoder.decode(encoded.header, shifted) as ColumnarBatch;
    expect(batch.buffers.every((buffer) => buffer.byteLength === 0 || buffer.byteOffset % 8 === 0)).toBe(true);
    expect(batchToRows(everyType, batch)).toEqual(everyValueRead);
  });

  it('with buffers outside the body are refused as INVALID_ARGUMENT', () => {
    const encoded = encodeBatch(rowsToBatch(everyType, everyValue));
    const decoder = new IpcDecoder();
    decoder.decode(encodeSchemaMessage(everyType), new Uint8Array(0));
    expect(() => decoder.decode(encoded.header, new Uint8Array(8))).toThrowError(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });

  it('before their schema are refused as INVALID_ARGUMENT', () => {
    const encoded = encodeBatch(rowsToBatch(everyType, []));
    expect(() => new IpcDecoder().decode(encoded.header, bodyOf(encoded))).toThrowError(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });

  it('of apache-arrow convert, and dictionaries arrive as plain columns', () => {
    const table = new Table({
      plain: vectorFromArray(['a', null, 'c'], new Utf8()),
      number: vectorFromArray([1, 2, null], new Int32()),
    });
    const [batch] = fromTable(table) as [ColumnarBatch];
    expect(batchToRows(table.schema, batch)).toEqual([
      ['a', 1],
      [null, 2],
      ['c', null],
    ]);

    const words = makeTable({ position: Int32Array.of(0, 1, 2, 3) }).assign(
      new Table({ word: vectorFromArray(['x', 'y', null, 'x']) }),
    );
    const decoder = new IpcDecoder();
    const batches = messagesOf(tableToIPC(words, 'stream'))
      .map(({ header, body }) => decoder.decode(header, body))
      .filter((decoded) => decoded !== undefined);
    expect(`${decoder.schema?.fields[1]?.type}`).toBe('Utf8');
    expect(batches.flatMap((decoded) => batchToRows(decoder.schema as Schema, decoded))).toEqual([
      [0, 'x'],
      [1, 'y'],
      [2, null],
      [3, 'x'],
    ]);
  });

  it('of half floats arrive as floats, and wide decimals of few digits as narrow ones', () => {
    const wide = new Schema([
      new Field('half', new Float16(), true),
      new Field('wide', new Decimal(2, 38, 256), true),
      new Field('list', new List(new Field('item', new Decimal(0, 5, 256), true)), true),
    ]);
    const { schema, batch } = throughIpc(
      wide,
      // Halves lie in memory as whole numbers of 16 bits do.
      rowsToBatch(new Schema([new Field('half', new Uint16(), true), ...wide.fields.slice(1)]), [
        [0x3e00, -(10n ** 38n) + 1n, [1n, null]],
        [null, null, null],
        [0xfc00, 1n, []],
      ]),
    );
    expect(schema.fields.map(({ type }) => String(type))).toEqual(['Float32', 'Decimal[38e+2]', 'List<Decimal[5e0]>']);
    expect(schema.fields[1]?.type.bitWidth).toBe(128);
    expect(batchToRows(schema, batch)).toEqual([
      [1.5, -(10n ** 38n) + 1n, [1n, null]],
      [null, null, null],
      [Number.NEGATIVE_INFINITY, 1n, []],
    ]);
  });

  it('of decimals whose scale is not among their digits arrive with more of them', () => {
    const odd = [new Decimal(-2, 3, 128), new Decimal(-2, 3, 256), new Decimal(4, 2, 128), new Decimal(-30, 9, 128)];
    const { schema, batch } = throughIpc(
      new Schema(odd.map((type, index) => new Field(`d${index}`, type, true))),
      rowsToBatch(new Schema(odd.map((type, index) => new Field(`d${index}`, type, true))), [
        [999n, -999n, 99n, 1n],
        [null, null, null, null],
        [-1n, 10n, -1n, null],
      ]),
    );
    const spelt = ['Decimal[5e0]', 'Decimal[5e0]', 'Decimal[4e+4]', 'Decimal[9e-30]'];
    expect(schema.fields.map(({ type }) => String(type))).toEqual(spelt);
    expect(batchToRows(schema, batch)).toEqual([
      [99900n, -99900n, 99n, 1n],
      [null, null, null, null],
      [-100n, 1000n, -1n, null],
    ]);
    const one = new Schema([new Field('d', new Decimal(-2, 3, 128), true)]);
    expect(() => throughIpc(one, rowsToBatch(one, [[1000n]]))).toThrow('more than 3 digits');
  });

  it('without rows keep their columns', () => {
    const { schema, batch } = throughIpc(everyType, rowsToBatch(everyType, []));
    expect(batchToRows(schema, batch)).toEqual([]);
    expect(batch.nodes.length).toBeGreaterThan(schema.fields.length);
  });
});

describe('slices', () => {
  const rows = Array.from({ length: 40 }, (_, index) => everyValue[index % 3] as unknown[]);
  const expected = Array.from({ length: 40 }, (_, index) => everyValueRead[index % 3]);
  const batch = rowsToBatch(everyType, rows);

  it.each([
    [0, 40],
    [0, 1],
    [1, 9],
    [8, 8],
    [13, 27],
    [40, 0],
  ])('of %i rows on for %i hold exactly those rows, and can be sliced again', (offset, length) => {
    const slice = sliceBatch(everyType, batch, offset, length);
    expect(batchToRows(everyType, slice)).toEqual(expected.slice(offset, offset + length));
    const { batch: again } = throughIpc(everyType, sliceBatch(everyType, slice, length >> 1, length - (length >> 1)));
    expect(batchToRows(everyType, again)).toEqual(expected.slice(offset + (length >> 1), offset + length));
  });

  it('of a batch that is too large stay near the limit and lose no row', () => {
    const schema = new Schema([new Field('text', new Utf8(), false)]);
    const large = rowsToBatch(
      schema,
      Array.from({ length: 1000 }, (_, index) => [`${index} `.repeat(index)]),
    );
    const pieces = [...splitBatch(schema, large, 100_000)];
    expect(Math.max(...pieces.map(batchBytes))).toBeLessThanOrEqual(150_000);
    expect(pieces.flatMap((piece) => batchToRows(schema, piece))).toEqual(batchToRows(schema, large));
  });
});
