import { describe, expect, test } from 'vitest';
import { crc32, decodeDeletionVector } from '../../src/iceberg/deletes/deletion-vector.js';
import { applyNameMapping, nameMapping } from '../../src/iceberg/index.js';
import { DeleteIndex } from '../../src/iceberg/plan/delete-index.js';
import type { DataFile, DeleteFile, TableMetadata } from '../../src/iceberg/types.js';

function u16(...values: number[]): Buffer {
  return Buffer.concat(values.map((value) => Buffer.from([value & 0xff, value >> 8])));
}

function u32(...values: number[]): Buffer {
  return Buffer.concat(values.map((value) => u16(value & 0xffff, value >>> 16)));
}

function blob(bitmap: Buffer): Buffer {
  const content = Buffer.concat([Buffer.from('d1d33964', 'hex'), bitmap]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(content.length, 0);
  frame.writeUInt32BE(crc32(content), 4);
  return Buffer.concat([frame.subarray(0, 4), content, frame.subarray(4)]);
}

describe('deletion vectors', () => {
  test('array, bitmap and run containers, under more than one 32-bit key', () => {
    const bitmap = Buffer.alloc(8192);
    for (let value = 0; value < 5000; value++)
      bitmap[value >> 2] = (bitmap[value >> 2] as number) | (1 << ((value & 3) * 2));
    const withoutRuns = Buffer.concat([u32(12346, 2), u16(0, 1, 1, 4999), u32(0, 0), u16(3, 5), bitmap]);
    const withRuns = Buffer.concat([u16(12347, 0), Buffer.from([1]), u16(2, 4), u16(1), u16(10, 4)]);
    const bytes = blob(Buffer.concat([u32(2, 0), u32(0), withoutRuns, u32(1), withRuns]));
    const positions = decodeDeletionVector(bytes, 'x.puffin');
    expect(positions.length).toBe(2 + 5000 + 5);
    expect([...positions.subarray(0, 4)]).toEqual([3n, 5n, 65536n, 65538n]);
    expect([...positions.subarray(-5)]).toEqual(
      [10n, 11n, 12n, 13n, 14n].map((low) => (1n << 32n) + (2n << 16n) + low),
    );
  });

  test('what unpacks to more positions than the metadata says is not unpacked', () => {
    const containers = 1000;
    const keys = Array.from({ length: containers }, (_, key) => u16(key, 0xffff));
    const runs = Array.from({ length: containers }, () => u16(1, 0, 0xffff));
    const withRuns = [
      u16(12347, containers - 1),
      Buffer.alloc(containers / 8, 0xff),
      ...keys,
      u32(...Array(containers).fill(0)),
      ...runs,
    ];
    const bytes = blob(Buffer.concat([u32(1, 0), u32(0), ...withRuns]));
    expect(decodeDeletionVector(bytes, 'x')).toHaveLength(containers * 0x10000);
    expect(() => decodeDeletionVector(bytes, 'x', 1000)).toThrow(expect.objectContaining({ code: 'DATA_LOSS' }));
    const claimed = blob(Buffer.concat([u32(1, 0), u32(0), u32(12346, 0xfffffff0)]));
    expect(() => decodeDeletionVector(claimed, 'x')).toThrow(expect.objectContaining({ code: 'DATA_LOSS' }));
  });

  test('damage is noticed', () => {
    const bytes = blob(Buffer.concat([u32(1, 0), u32(0), u32(12346, 1), u16(0, 0), u32(0), u16(7)]));
    expect([...decodeDeletionVector(bytes, 'x')]).toEqual([7n]);
    for (let index = 0; index < bytes.length; index++) {
      const damaged = Buffer.from(bytes);
      damaged[index] = (damaged[index] as number) ^ 0x10;
      expect(() => decodeDeletionVector(damaged, 'x')).toThrow(expect.objectContaining({ code: 'DATA_LOSS' }));
    }
    expect(() => decodeDeletionVector(bytes.subarray(0, 9), 'x')).toThrow(
      expect.objectContaining({ code: 'DATA_LOSS' }),
    );
  });
});

describe('which deletes apply', () => {
  const metadata = {
    partitionSpecs: [
      { specId: 0, fields: [] },
      { specId: 1, fields: [{ fieldId: 1000, sourceIds: [1], name: 'p', transform: 'identity' }] },
    ],
  } as unknown as TableMetadata;
  const file = (specId: number, partition: DataFile['partition'], sequenceNumber: number): DataFile => ({
    content: 'data',
    location: 'a.parquet',
    format: 'parquet',
    specId,
    partition,
    recordCount: 1,
    fileSize: 1,
    sequenceNumber,
  });
  const deletes = (change: Partial<DeleteFile>): DeleteFile => ({
    ...file(1, [1], 5),
    location: 'd',
    content: 'position-deletes',
    ...change,
  });
  const found = (all: DeleteFile[], data: DataFile) => new DeleteIndex(metadata, all).deletesFor(data);

  test('position deletes reach files of the same commit, equality deletes only older ones', () => {
    const position = deletes({});
    const equality = deletes({ content: 'equality-deletes', equalityIds: [1] });
    expect(found([position, equality], file(1, [1], 5))).toEqual([position]);
    expect(found([position, equality], file(1, [1], 4))).toEqual([position, equality]);
    expect(found([position, equality], file(1, [1], 6))).toEqual([]);
  });

  test('deletes stay in their partition and spec; equality deletes without partition are global', () => {
    const position = deletes({});
    const global = deletes({ content: 'equality-deletes', equalityIds: [1], specId: 0, partition: [] });
    const local = deletes({ content: 'equality-deletes', equalityIds: [1] });
    expect(found([position, global, local], file(1, [2], 1))).toEqual([global]);
    expect(found([position, global, local], file(0, [], 1))).toEqual([global]);
    expect(found([position, global, local], file(1, [1], 1))).toEqual([position, global, local]);
  });

  test('NaN is one partition, and so is null', () => {
    for (const value of [Number.NaN, null]) {
      const position = deletes({ partition: [value] });
      expect(found([position], file(1, [value], 1))).toEqual([position]);
      expect(found([position], file(1, [1], 1))).toEqual([]);
    }
  });

  test('a deletion vector stands for all position deletes of its file, and for no other file', () => {
    const position = deletes({});
    const vector = deletes({ format: 'puffin', referencedDataFile: 'a.parquet' });
    expect(found([position, vector], file(1, [1], 1))).toEqual([vector]);
    expect(found([position, vector], { ...file(1, [1], 1), location: 'b.parquet' })).toEqual([position]);
  });

  test.each<[string, Partial<DeleteFile>[], RegExp]>([
    ['two vectors', [{}, {}], /more than one deletion vector/],
    ['a vector that is older than it', [{ sequenceNumber: 0 }], /older than the file/],
    ['a vector without a sequence number', [{ sequenceNumber: undefined as never }], /no sequence number/],
    ['a vector of no file', [{ referencedDataFile: undefined as never }], /which data file it is of/],
  ])('%s of a data file: DATA_LOSS', (_, given, message) => {
    const vectors = given.map((more) => deletes({ format: 'puffin', referencedDataFile: 'a.parquet', ...more }));
    expect(() => found(vectors, file(1, [1], 1))).toThrow(
      expect.objectContaining({ code: 'DATA_LOSS', message: expect.stringMatching(message) }),
    );
  });

  test('bounds of the path rule files out', () => {
    const bounds = (lower: string, upper: string) => ({
      lowerBounds: new Map([[2147483546, Buffer.from(lower)]]),
      upperBounds: new Map([[2147483546, Buffer.from(upper)]]),
    });
    expect(found([deletes(bounds('b', 'c'))], file(1, [1], 1))).toEqual([]);
    expect(found([deletes(bounds('a', 'b'))], file(1, [1], 1))).toHaveLength(1);
    expect(found([deletes(bounds('a.parquet', 'a.parquet'))], file(1, [1], 1))).toHaveLength(1);
    // Cut, the upper one without being raised; and bounds that contradict each other.
    expect(found([deletes(bounds('a.par', 'a.par'))], file(1, [1], 1))).toHaveLength(1);
    expect(found([deletes(bounds('z', 'b'))], file(1, [1], 1))).toHaveLength(1);
  });
});

describe('name mapping', () => {
  const leaf = (name: string) => ({ name, children: [] });

  test('names, aliases and nested names get field ids; unknown columns get none', () => {
    const metadata = {
      properties: {
        'schema.name-mapping.default': JSON.stringify([
          { 'field-id': 1, names: ['id', 'record_id'] },
          {
            'field-id': 2,
            names: ['l'],
            fields: [{ 'field-id': 3, names: ['element'], fields: [{ 'field-id': 4, names: ['x'] }] }],
          },
          {
            'field-id': 5,
            names: ['m'],
            fields: [
              { 'field-id': 6, names: ['key'] },
              { 'field-id': 7, names: ['value'] },
            ],
          },
        ]),
      },
    } as unknown as TableMetadata;
    const columns = [
      leaf('record_id'),
      leaf('other'),
      { name: 'l', children: [{ name: 'list', children: [{ name: 'item', children: [leaf('x'), leaf('y')] }] }] },
      { name: 'm', children: [{ name: 'key_value', children: [leaf('key'), leaf('value')] }] },
    ];
    expect(applyNameMapping(columns, nameMapping(metadata) ?? [])).toEqual([
      { ...leaf('record_id'), fieldId: 1 },
      // What the mapping lacks is no field's, not even that of its name.
      { ...leaf('other'), fieldId: -1 },
      {
        name: 'l',
        fieldId: 2,
        children: [
          {
            name: 'list',
            children: [
              {
                name: 'item',
                fieldId: 3,
                children: [
                  { ...leaf('x'), fieldId: 4 },
                  { ...leaf('y'), fieldId: -1 },
                ],
              },
            ],
          },
        ],
      },
      {
        name: 'm',
        fieldId: 5,
        children: [
          {
            name: 'key_value',
            children: [
              { ...leaf('key'), fieldId: 6 },
              { ...leaf('value'), fieldId: 7 },
            ],
          },
        ],
      },
    ]);
  });
});
