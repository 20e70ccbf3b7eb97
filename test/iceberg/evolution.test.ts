import { describe, expect, it } from 'vitest';
import {
  parseTableMetadata,
  SchemaEvolution,
  SpecEvolution,
  schemaCommit,
  specCommit,
} from '../../src/iceberg/index.js';
import type { TableMetadata, Type } from '../../src/iceberg/types.js';

const int: Type = { kind: 'primitive', type: 'int' };
const long: Type = { kind: 'primitive', type: 'long' };
const plain = (type: Type) => ({ type, required: false, doc: undefined, place: undefined });

function tableOf(changes: Record<string, unknown> = {}): TableMetadata {
  return parseTableMetadata({
    'format-version': 2,
    'table-uuid': 'u',
    location: 's3://b/t',
    'last-updated-ms': 1,
    'last-column-id': 12,
    'current-schema-id': 1,
    schemas: [
      { type: 'struct', 'schema-id': 0, fields: [{ id: 1, name: 'id', required: true, type: 'int' }] },
      {
        type: 'struct',
        'schema-id': 1,
        fields: [
          { id: 1, name: 'id', required: true, type: 'int' },
          { id: 2, name: 'at', required: false, type: 'timestamp' },
          {
            id: 3,
            name: 'm',
            required: false,
            type: {
              type: 'map',
              'key-id': 4,
              key: { type: 'struct', fields: [{ id: 6, name: 'k', required: true, type: 'int' }] },
              'value-id': 5,
              'value-required': false,
              value: { type: 'struct', fields: [{ id: 7, name: 'v', required: false, type: 'int' }] },
            },
          },
        ],
      },
    ],
    'default-spec-id': 1,
    'partition-specs': [
      { 'spec-id': 0, fields: [] },
      { 'spec-id': 1, fields: [{ 'source-id': 2, 'field-id': 1000, name: 'at_day', transform: 'day' }] },
    ],
    'last-partition-id': 1000,
    ...changes,
  });
}

describe('schema evolution', () => {
  it('gives new fields ids above every id that was ever given', () => {
    const evolution = new SchemaEvolution(tableOf());
    evolution.add(['more'], plain({ kind: 'list', elementId: 0, elementRequired: false, element: int }));
    evolution.add(['m', 'value', 'w'], plain(long));
    const [, , m, more] = evolution.schema.fields;
    expect(more).toMatchObject({ id: 13, type: { elementId: 14 } });
    expect(m).toMatchObject({ type: { value: { fields: [{ id: 7 }, { id: 15, name: 'w' }] } } });
    expect(evolution.lastColumnId).toBe(15);
  });

  it('keeps ids through renames and moves', () => {
    const evolution = new SchemaEvolution(tableOf());
    evolution.rename(['AT'], 'when');
    evolution.move(['when'], 'first');
    expect(evolution.schema.fields.map(({ id, name }) => [id, name])).toEqual([
      [2, 'when'],
      [1, 'id'],
      [3, 'm'],
    ]);
  });

  it('leaves the keys of maps alone', () => {
    const evolution = new SchemaEvolution(tableOf());
    for (const change of [
      () => evolution.add(['m', 'key', 'x'], plain(int)),
      () => evolution.setType(['m', 'key', 'k'], long),
      () => evolution.rename(['m', 'key', 'k'], 'x'),
    ]) {
      expect(change).toThrow('keys of maps stay as they are');
    }
    evolution.setType(['m', 'value', 'v'], long);
    expect(() => evolution.drop(['m', 'value'])).toThrow('part of a map');
  });

  it('drops no column that partitions, sorts or identifies', () => {
    expect(() => new SchemaEvolution(tableOf()).drop(['at'])).toThrow('the table is partitioned by it ("at_day")');
    const earlier = tableOf({
      'default-spec-id': 0,
      'current-snapshot-id': 1,
      snapshots: [{ 'snapshot-id': 1, 'timestamp-ms': 1, 'manifest-list': 'x', summary: { operation: 'append' } }],
    });
    expect(() => new SchemaEvolution(earlier).drop(['at'])).toThrow('earlier partition spec 1');
    const order = {
      'order-id': 1,
      fields: [{ 'source-id': 1, transform: 'identity', direction: 'asc', 'null-order': 'nulls-first' }],
    };
    const sorted = tableOf({ 'sort-orders': [order], 'default-sort-order-id': 1 });
    expect(() => new SchemaEvolution(sorted).drop(['id'])).toThrow('sorted by it');
  });

  it('drops a column of an earlier spec where no file was ever written', () => {
    const evolution = new SchemaEvolution(tableOf({ 'default-spec-id': 0 }));
    evolution.drop(['at']);
    expect(evolution.schema.fields.map(({ name }) => name)).toEqual(['id', 'm']);
  });
});

it('lets no column have the name of a partition field that is made of another one', () => {
  const evolution = new SchemaEvolution(tableOf());
  expect(() => evolution.add(['at_day'], plain(int))).toThrow('No column can be called "at_day"');
  expect(() => new SchemaEvolution(tableOf()).rename(['id'], 'at_day')).toThrow('No column can be called "at_day"');
  new SchemaEvolution(tableOf()).rename(['at'], 'at_day');
});

describe('the commit of a schema', () => {
  it('asserts what the change was made of, and adds the schema', () => {
    const metadata = tableOf();
    const evolution = new SchemaEvolution(metadata);
    evolution.add(['x'], plain(int));
    expect(schemaCommit(metadata, evolution.schema, evolution.lastColumnId)).toMatchObject({
      requirements: [
        { type: 'assert-current-schema-id', 'current-schema-id': 1 },
        { type: 'assert-last-assigned-field-id', 'last-assigned-field-id': 12 },
      ],
      updates: [
        { action: 'add-schema', schema: { 'schema-id': 2 }, 'last-column-id': 13 },
        { action: 'set-current-schema', 'schema-id': -1 },
      ],
    });
  });

  it('goes back to a schema that the table has, and says nothing where it is the current one', () => {
    const metadata = tableOf();
    const evolution = new SchemaEvolution(tableOf({ 'default-spec-id': 0 }));
    expect(schemaCommit(metadata, evolution.schema, 12).updates).toEqual([]);
    evolution.drop(['at']);
    evolution.drop(['m']);
    expect(schemaCommit(metadata, evolution.schema, 12).updates).toEqual([
      { action: 'set-current-schema', 'schema-id': 0 },
    ]);
  });
});

describe('partition evolution', () => {
  const columns = (metadata: TableMetadata) => metadata.schemas[1]?.fields ?? [];

  it('adds fields with new ids, and gives an earlier field its id again', () => {
    const metadata = tableOf({ 'default-spec-id': 0 });
    const spec = new SpecEvolution(metadata);
    spec.add(columns(metadata), { column: ['id'], transform: 'bucket[8]' }, undefined);
    spec.add(columns(metadata), { column: ['at'], transform: 'day' }, undefined);
    expect(spec.fields).toEqual([
      { fieldId: 1001, sourceIds: [1], name: 'id_bucket_8', transform: 'bucket[8]' },
      { fieldId: 1000, sourceIds: [2], name: 'at_day', transform: 'day' },
    ]);
  });

  it('drops a field; version 1 keeps its place as void', () => {
    const dropped = (metadata: TableMetadata) => {
      const spec = new SpecEvolution(metadata);
      spec.drop(columns(metadata), { column: ['at'], transform: 'day' });
      return specCommit(metadata, spec.fields).updates;
    };
    expect(dropped(tableOf())).toEqual([{ action: 'set-default-spec', 'spec-id': 0 }]);
    expect(dropped(tableOf({ 'format-version': 1 }))).toMatchObject([
      { action: 'add-spec', spec: { 'spec-id': 2, fields: [{ 'field-id': 1000, transform: 'void' }] } },
      { action: 'set-default-spec', 'spec-id': -1 },
    ]);
  });

  it('lets a void field give up its name', () => {
    const metadata = tableOf({ 'format-version': 1 });
    const spec = new SpecEvolution(metadata);
    spec.drop(columns(metadata), { column: ['at_day'], transform: 'identity' });
    spec.add(columns(metadata), { column: ['at'], transform: 'day' }, undefined);
    expect(spec.fields.map(({ name, fieldId }) => [name, fieldId])).toEqual([
      ['at_day_1000', 1000],
      ['at_day', 1001],
    ]);
  });

  it('puts a field that comes back in the place that version 1 kept for it', () => {
    const at = { 'source-id': 2, 'field-id': 1000, name: 'at_day' };
    const metadata = tableOf({
      'partition-specs': [
        { 'spec-id': 0, fields: [{ ...at, transform: 'day' }] },
        { 'spec-id': 1, fields: [{ ...at, transform: 'void' }] },
      ],
      'default-spec-id': 1,
    });
    const spec = new SpecEvolution(metadata);
    spec.add(columns(metadata), { column: ['at'], transform: 'day' }, undefined);
    expect(spec.fields).toEqual([{ fieldId: 1000, sourceIds: [2], name: 'at_day', transform: 'day' }]);
  });

  it('refuses names of columns and transforms that do not take the type', () => {
    const metadata = tableOf();
    const spec = new SpecEvolution(metadata);
    const add = (column: string, transform: string, name?: string) => () =>
      spec.add(columns(metadata), { column: [column], transform }, name);
    expect(add('id', 'bucket[4]', 'at')).toThrow('which is a column');
    expect(add('id', 'month')).toThrow('month can\'t partition by "id" of type int');
    expect(add('m', 'identity')).toThrow('identity can\'t partition by "m"');
    expect(add('id', 'bucket[4]', 'at_day')).toThrow('already a partition field "at_day"');
  });
});
