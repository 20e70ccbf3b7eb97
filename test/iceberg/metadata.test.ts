import { describe, expect, test } from 'vitest';
import {
  parseSchema,
  parseTableMetadata,
  parseType,
  resolveSnapshot,
  schemaOf,
  schemaToJson,
  typeToJson,
} from '../../src/iceberg/index.js';
import { parseJson } from '../../src/json.js';

const field = (id: number, name: string) => ({ id, name, required: false, type: 'long' });

const v1 = {
  'format-version': 1,
  location: 's3://b/t/',
  'last-updated-ms': 5,
  'last-column-id': 2,
  schema: { type: 'struct', fields: [field(1, 'a'), field(2, 'b')] },
  'partition-spec': [{ name: 'a_bucket', transform: 'bucket[4]', 'source-id': 1 }],
  'current-snapshot-id': -1,
};

describe('table metadata', () => {
  test('version 1 without lists of schemas and specs', () => {
    const metadata = parseTableMetadata(v1);
    expect(metadata.location).toBe('s3://b/t');
    expect(metadata.schemas).toHaveLength(1);
    expect(metadata.currentSchemaId).toBe(0);
    expect(metadata.partitionSpecs).toEqual([
      { specId: 0, fields: [{ fieldId: 1000, sourceIds: [1], name: 'a_bucket', transform: 'bucket[4]' }] },
    ]);
    expect(metadata.lastPartitionId).toBe(1000);
    expect(metadata.currentSnapshotId).toBeUndefined();
    expect(metadata.refs).toEqual({});
  });

  test('a version that is not known is UNIMPLEMENTED, a broken file DATA_LOSS naming the key', () => {
    expect(() => parseTableMetadata({ ...v1, 'format-version': 4 })).toThrow(
      expect.objectContaining({ code: 'UNIMPLEMENTED', message: expect.stringContaining('version 4') }),
    );
    expect(() => parseTableMetadata({ ...v1, location: 7 })).toThrow(
      expect.objectContaining({ code: 'DATA_LOSS', message: expect.stringContaining('location') }),
    );
  });

  test('snapshots are found by id, branch, tag and time, each in the schema of its time', () => {
    const metadata = parseTableMetadata(
      parseJson(`{
        "format-version": 2, "table-uuid": "u", "location": "s3://b/t", "last-sequence-number": 2, "last-updated-ms": 3000,
        "last-column-id": 2, "current-schema-id": 1, "default-spec-id": 0, "partition-specs": [{"spec-id": 0, "fields": []}],
        "schemas": [{"type": "struct", "schema-id": 0, "fields": []}, {"type": "struct", "schema-id": 1, "fields": []}],
        "current-snapshot-id": 7442684603476777431,
        "snapshots": [
          {"snapshot-id": 7442684603476777430, "sequence-number": 1, "timestamp-ms": 1000, "schema-id": 0, "manifest-list": "x"},
          {"snapshot-id": 7442684603476777431, "parent-snapshot-id": 7442684603476777430, "sequence-number": 2,
           "timestamp-ms": 2000, "manifest-list": "y"}],
        "snapshot-log": [
          {"timestamp-ms": 1000, "snapshot-id": 7442684603476777430}, {"timestamp-ms": 2000, "snapshot-id": 7442684603476777431}],
        "refs": {"first": {"snapshot-id": 7442684603476777430, "type": "tag"}}
      }`),
    );
    const first = 7442684603476777430n;
    expect(metadata.currentSnapshotId).toBe(first + 1n);
    expect(resolveSnapshot(metadata, { snapshotId: first }).sequenceNumber).toBe(1);
    expect(resolveSnapshot(metadata, { ref: 'first' }).snapshotId).toBe(first);
    expect(resolveSnapshot(metadata, { ref: 'main' }).snapshotId).toBe(first + 1n);
    expect(resolveSnapshot(metadata, { ref: String(first) }).snapshotId).toBe(first);
    expect(resolveSnapshot(metadata, { timestampMs: 1999 }).snapshotId).toBe(first);
    expect(resolveSnapshot(metadata, { timestampMs: 2000 }).snapshotId).toBe(first + 1n);
    expect(schemaOf(metadata, first).schemaId).toBe(0);
    expect(schemaOf(metadata, first + 1n).schemaId).toBe(1);
    const missing = (sentence: string) =>
      expect.objectContaining({ code: 'NOT_FOUND', message: expect.stringContaining(sentence) });
    expect(() => resolveSnapshot(metadata, { timestampMs: 999 })).toThrow(missing('1970-01-01T00:00:01.000Z'));
    expect(() => resolveSnapshot(metadata, { ref: 'toString' })).toThrow(missing('"first", "main"'));
    expect(() => resolveSnapshot(metadata, { snapshotId: 3n })).toThrow(missing('no snapshot 3'));
  });
});

describe('schemas', () => {
  test('go to JSON and back, nested types, defaults and all', () => {
    const json = {
      type: 'struct',
      'schema-id': 3,
      'identifier-field-ids': [1],
      fields: [
        { id: 1, name: 'id', required: true, type: 'long', doc: 'key', 'initial-default': 4, 'write-default': 5 },
        { id: 2, name: 'd', required: false, type: 'decimal(38, 10)' },
        {
          id: 3,
          name: 'm',
          required: false,
          type: { type: 'map', 'key-id': 4, key: 'string', 'value-id': 5, value: 'fixed[16]', 'value-required': false },
        },
        {
          id: 6,
          name: 'l',
          required: false,
          type: {
            type: 'list',
            'element-id': 7,
            element: { type: 'struct', fields: [{ id: 8, name: 'x', required: false, type: 'timestamptz_ns' }] },
            'element-required': true,
          },
        },
      ],
    };
    expect(schemaToJson(parseSchema(json))).toEqual(json);
  });

  test.each([
    ['geometry', 'geometry'],
    ['geometry(srid:4326)', 'geometry(srid:4326)'],
    ['geography(OGC:CRS84, karney)', 'geography(OGC:CRS84, karney)'],
    ['decimal(9,2)', 'decimal(9, 2)'],
    ['variant', 'variant'],
  ])('%s', (text, canonical) => {
    expect(typeToJson(parseType(text))).toBe(canonical);
  });

  test('an unknown type is named', () => {
    expect(() => parseType('interval')).toThrow(
      expect.objectContaining({ code: 'UNIMPLEMENTED', message: expect.stringContaining('"interval"') }),
    );
  });
});
