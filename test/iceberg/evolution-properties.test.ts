import { describe, expect, it } from 'vitest';
import { parseTableMetadata, propertyChanges } from '../../src/iceberg/index.js';
import type { NestedField, Type } from '../../src/iceberg/types.js';

const int: Type = { kind: 'primitive', type: 'int' };
const field = (id: number, name: string, type: Type = int): NestedField => ({ id, name, required: false, type });
const struct = (...fields: NestedField[]): Type => ({ kind: 'struct', fields });

function changesFor(properties: Record<string, string>, after: NestedField[]) {
  const metadata = parseTableMetadata({
    'format-version': 2,
    'table-uuid': 'u',
    location: 's3://b/t',
    'last-updated-ms': 1,
    'last-column-id': 4,
    schema: {
      type: 'struct',
      fields: [
        { id: 1, name: 'a', required: false, type: 'int' },
        { id: 2, name: 'b', required: false, type: 'int' },
        {
          id: 3,
          name: 's',
          required: false,
          type: { type: 'struct', fields: [{ id: 4, name: 'x', required: false, type: 'int' }] },
        },
      ],
    },
    properties,
  });
  return propertyChanges(metadata, { schemaId: 0, fields: after, identifierFieldIds: [] });
}

describe('properties of columns', () => {
  const metrics = (column: string) => `write.metadata.metrics.column.${column}`;
  it('go with a column to its new name, and end with it', () => {
    const properties = { [metrics('a')]: 'full', [metrics('b')]: 'none', [metrics('s.x')]: 'counts', owner: 'me' };
    expect(changesFor(properties, [field(1, 'b'), field(3, 'place', struct(field(4, 'x')))])).toEqual({
      updates: { [metrics('b')]: 'full', [metrics('place.x')]: 'counts' },
      removals: [metrics('a'), metrics('s.x')],
    });
  });

  it('stay where no name changes', () => {
    const after = [field(2, 'b'), field(1, 'a'), field(3, 's', struct(field(4, 'x'), field(5, 'y')))];
    expect(changesFor({ [metrics('a')]: 'full' }, after)).toEqual({ updates: {}, removals: [] });
  });
});

describe('the name mapping', () => {
  const key = 'schema.name-mapping.default';
  const mapping = JSON.stringify([
    { 'field-id': 1, names: ['a', 'old a'] },
    { 'field-id': 2, names: ['b'] },
    { 'field-id': 3, names: ['s'], fields: [{ 'field-id': 4, names: ['x'] }] },
  ]);
  const mapped = (after: NestedField[]) => {
    const text = changesFor({ [key]: mapping }, after).updates[key];
    return text === undefined ? undefined : JSON.parse(text);
  };

  it('gets the new names beside the old ones, at every depth', () => {
    expect(mapped([field(1, 'c'), field(2, 'b'), field(3, 's', struct(field(4, 'y')))])).toEqual([
      { 'field-id': 1, names: ['a', 'old a', 'c'] },
      { 'field-id': 2, names: ['b'] },
      { 'field-id': 3, names: ['s'], fields: [{ 'field-id': 4, names: ['x', 'y'] }] },
    ]);
  });

  it('gets entries for new fields; a name goes to the field that has it now', () => {
    expect(mapped([field(2, 'b'), field(3, 's', struct(field(4, 'x'), field(6, 'z'))), field(5, 'a')])).toEqual([
      { 'field-id': 1, names: ['old a'] },
      { 'field-id': 2, names: ['b'] },
      {
        'field-id': 3,
        names: ['s'],
        fields: [
          { 'field-id': 4, names: ['x'] },
          { 'field-id': 6, names: ['z'] },
        ],
      },
      { 'field-id': 5, names: ['a'] },
    ]);
  });

  it('stays as it is where no name changes', () => {
    expect(mapped([field(2, 'b'), field(3, 's', struct(field(4, 'x')))])).toBeUndefined();
  });
});
