import { describe, expect, it } from 'vitest';
import { parseTableMetadata, replacementOf } from '../../src/iceberg/index.js';
import type { NestedField, PartitionField, TableMetadata, Type } from '../../src/iceberg/types.js';

const int: Type = { kind: 'primitive', type: 'int' };
const long: Type = { kind: 'primitive', type: 'long' };
const text: Type = { kind: 'primitive', type: 'string' };
const field = (id: number, name: string, type: Type): NestedField => ({ id, name, required: false, type });

function tableOf(formatVersion = 2, changes: Record<string, unknown> = {}): TableMetadata {
  return parseTableMetadata({
    'format-version': formatVersion,
    'table-uuid': 'u',
    location: 's3://b/t',
    'last-updated-ms': 1,
    'last-column-id': 4,
    'current-schema-id': 0,
    schemas: [
      {
        type: 'struct',
        'schema-id': 0,
        fields: [
          { id: 1, name: 'id', required: false, type: 'int' },
          { id: 2, name: 'kind', required: false, type: 'string' },
          {
            id: 3,
            name: 'place',
            required: false,
            type: { type: 'struct', fields: [{ id: 4, name: 'city', required: false, type: 'string' }] },
          },
        ],
      },
    ],
    'default-spec-id': 0,
    'partition-specs': [
      { 'spec-id': 0, fields: [{ 'source-id': 2, 'field-id': 1000, name: 'kind', transform: 'identity' }] },
    ],
    'last-partition-id': 1000,
    'current-snapshot-id': 7,
    snapshots: [{ 'snapshot-id': 7, 'timestamp-ms': 1, 'manifest-list': 'x', summary: { operation: 'append' } }],
    properties: { comment: 'old', owner: 'me' },
    ...changes,
  });
}

const definition = (fields: NestedField[], partitions: Omit<PartitionField, 'fieldId'>[] = [], properties = {}) => ({
  schema: { schemaId: 0, fields, identifierFieldIds: [] },
  spec: { specId: 0, fields: partitions.map((one, index) => ({ ...one, fieldId: 1000 + index })) },
  properties,
});
const updatesOf = (actions: Record<string, unknown>[]) => actions.map(({ action }) => action);

describe('replacing a table', () => {
  it('keeps the ids of columns whose values the new type holds; others are new', () => {
    const place: Type = { kind: 'struct', fields: [field(4, 'zip', int), field(5, 'city', text)] };
    const { metadata } = replacementOf(
      tableOf(2, { 'partition-specs': [{ 'spec-id': 0, fields: [] }] }),
      definition([field(1, 'kind', int), field(2, 'place', place), field(3, 'id', long)]),
    );
    expect(metadata.schemas.at(-1)).toMatchObject({
      schemaId: 1,
      fields: [
        { id: 5, name: 'kind' },
        {
          id: 3,
          type: {
            fields: [
              { id: 6, name: 'zip' },
              { id: 4, name: 'city' },
            ],
          },
        },
        { id: 1, name: 'id' },
      ],
    });
    expect(metadata).toMatchObject({ currentSchemaId: 1, lastColumnId: 6, refs: {} });
    expect(metadata.currentSnapshotId).toBeUndefined();
    expect(metadata.snapshots).toHaveLength(1);
  });

  it('asserts the ids that it was made of, and takes main away before anything else', () => {
    const { commit } = replacementOf(tableOf(), definition([field(1, 'other', int)], [], { owner: 'you' }));
    expect(commit.requirements).toContainEqual({ type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': 7n });
    expect(commit.requirements).toContainEqual({ type: 'assert-last-assigned-field-id', 'last-assigned-field-id': 4 });
    expect(updatesOf(commit.updates)).toEqual([
      'remove-snapshot-ref',
      'add-schema',
      'set-current-schema',
      'add-spec',
      'set-default-spec',
      'set-properties',
      'remove-properties',
    ]);
    expect(commit.updates.at(-1)).toEqual({ action: 'remove-properties', removals: ['comment'] });
  });

  it('adds no schema and spec that the table has, and gives partition fields their ids again', () => {
    const before = tableOf();
    const fields = [
      field(1, 'id', int),
      field(2, 'kind', text),
      field(3, 'place', { kind: 'struct', fields: [field(4, 'city', text)] }),
    ];
    const kind = { sourceIds: [2], name: 'kind', transform: 'identity' };
    const same = replacementOf(before, definition(fields, [kind]));
    expect(updatesOf(same.commit.updates)).toEqual(['remove-snapshot-ref', 'remove-properties']);
    expect(same.metadata).toMatchObject({ currentSchemaId: 0, defaultSpecId: 0 });
    const more = { sourceIds: [1], name: 'id_bucket', transform: 'bucket[4]' };
    expect(replacementOf(before, definition(fields, [more, kind])).metadata.partitionSpecs.at(-1)).toEqual({
      specId: 1,
      fields: [
        { ...more, fieldId: 1001 },
        { ...kind, fieldId: 1000 },
      ],
    });
  });

  it('keeps the places of partition fields in version 1 as void', () => {
    const { metadata } = replacementOf(
      tableOf(1),
      definition([field(1, 'n', int)], [{ sourceIds: [1], name: 'kind', transform: 'bucket[4]' }]),
    );
    expect(metadata.partitionSpecs.at(-1)?.fields).toEqual([
      { fieldId: 1000, sourceIds: [2], name: 'kind_1000', transform: 'void' },
      { fieldId: 1001, sourceIds: [5], name: 'kind', transform: 'bucket[4]' },
    ]);
  });

  it('refuses a column of another type by the name of a partition field, which other engines could not read', () => {
    expect(() => replacementOf(tableOf(), definition([field(1, 'kind', int)]))).toThrow(
      'No column can be called "kind"',
    );
  });

  it('upgrades and unsorts', () => {
    const order = {
      'order-id': 1,
      fields: [{ 'source-id': 1, transform: 'identity', direction: 'asc', 'null-order': 'nulls-first' }],
    };
    const sorted = tableOf(2, { 'sort-orders': [order], 'default-sort-order-id': 1 });
    const { metadata, commit } = replacementOf(sorted, definition([field(1, 'x', int)], [], { 'format-version': '3' }));
    expect(metadata).toMatchObject({ formatVersion: 3, defaultSortOrderId: 0 });
    expect(commit.updates[0]).toEqual({ action: 'upgrade-format-version', 'format-version': 3 });
    expect(updatesOf(commit.updates)).toEqual(expect.arrayContaining(['add-sort-order', 'set-default-sort-order']));
    expect(metadata.properties['format-version']).toBeUndefined();
  });
});
