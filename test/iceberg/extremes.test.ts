import { describe, expect, test } from 'vitest';
import {
  Extremes,
  extremesOf,
  parseTableMetadata,
  passingRow,
  strictPredicate,
  valueCountOf,
} from '../../src/iceberg/index.js';
import type { DataFile, NestedField, Type } from '../../src/iceberg/types.js';
import { encodeValue, type Value } from '../../src/iceberg/values/single-value.js';

const primitive = (type: string) => ({ kind: 'primitive', type }) as Type;
const field = (type: Type): NestedField => ({ id: 1, name: 'a', type, required: false }) as NestedField;
const metadata = parseTableMetadata({
  'format-version': 2,
  'table-uuid': '11111111-2222-3333-4444-555555555555',
  location: 's3://b/t',
  'last-sequence-number': 0,
  'last-updated-ms': 0,
  'last-column-id': 2,
  'current-schema-id': 0,
  schemas: [{ type: 'struct', 'schema-id': 0, fields: [{ id: 1, name: 'a', required: false, type: 'int' }] }],
  'default-spec-id': 0,
  'partition-specs': [
    { 'spec-id': 0, fields: [] },
    { 'spec-id': 1, fields: [{ name: 'a', transform: 'identity', 'source-id': 1, 'field-id': 1000 }] },
  ],
  'last-partition-id': 1000,
  'default-sort-order-id': 0,
  'sort-orders': [{ 'order-id': 0, fields: [] }],
});

function file(type: Type, bounds: [Value, Value] | undefined, more: Partial<DataFile> = {}): DataFile {
  const [lower, upper] = bounds ?? [];
  return {
    content: 'data',
    specId: 0,
    partition: [],
    recordCount: 10,
    nullCounts: new Map([[1, 0]]),
    ...(lower !== undefined && { lowerBounds: new Map([[1, encodeValue(type, lower)]]) }),
    ...(upper !== undefined && { upperBounds: new Map([[1, encodeValue(type, upper)]]) }),
    ...more,
  } as DataFile;
}

describe('extremes', () => {
  const string = primitive('string');
  const double = primitive('double');
  const noNan = { nanCounts: new Map([[1, 0]]) };

  test.each<[string, Type, [Value, Value] | undefined, Partial<DataFile>, Value[] | undefined]>([
    ['are the bounds of whole numbers', primitive('int'), [-3, 7], {}, [-3, 7]],
    ['are the bounds of decimals', { kind: 'decimal', precision: 9, scale: 2 }, [-225n, 300n], {}, [-225n, 300n]],
    ['are none where all values are null', string, undefined, { nullCounts: new Map([[1, 10]]) }, []],
    ['are unknown without bounds', primitive('int'), undefined, {}, undefined],
    ['are unknown of texts, whose bounds may be cut', string, ['a', 'c'], {}, undefined],
    ['are the bounds of texts that are equal', string, ['a', 'a'], {}, ['a', 'a']],
    ['are the bounds of floats without NaN', double, [-1.5, 2], noNan, [-1.5, 2]],
    ['are unknown where NaN may be', double, [-1.5, 2], {}, undefined],
    ['are unknown where a bound is zero, of whatever sign', double, [0, 2], noNan, undefined],
    ['are the value of the partition', primitive('int'), [1, 9], { specId: 1, partition: [5] }, [5]],
    ['are none in the partition of null', primitive('int'), [1, 9], { specId: 1, partition: [null] }, []],
  ])('%s', (_, type, bounds, more, expected) => {
    expect(extremesOf(metadata, file(type, bounds, more), field(type))).toEqual(expected);
  });

  test('of several files are one range, named as literals', () => {
    const found = new Extremes(primitive('date'));
    expect(found.range()).toBe('none');
    found.add([3, 10]);
    found.add([-1, 4]);
    expect(found.range()).toEqual({
      min: { type: 'date', text: '1969-12-31' },
      max: { type: 'date', text: '1970-01-11' },
    });
    found.add([3_000_000]);
    expect(found.range()).toBeUndefined();
  });
});

test('values are counted from null counts, and in no other way', () => {
  const type = primitive('int');
  expect(valueCountOf(metadata, file(type, undefined, { nullCounts: new Map([[1, 4]]) }), field(type))).toBe(6);
  expect(valueCountOf(metadata, file(type, undefined, { nullCounts: new Map() }), field(type))).toBeUndefined();
  expect(valueCountOf(metadata, file(type, undefined, { specId: 1, partition: [null] }), field(type))).toBe(0);
});

describe('all rows of a file pass', () => {
  const type = primitive('int');
  const schema = { schemaId: 0, fields: [field(type)] } as unknown as Parameters<typeof strictPredicate>[1];
  const value = (text: string) => ({ type: 'integer' as const, text });
  const row = (filter: Parameters<typeof strictPredicate>[0], of: DataFile) =>
    passingRow(strictPredicate(filter, schema), metadata, of, schema.fields);
  const between = file(type, [3, 7]);

  test.each<[Parameters<typeof strictPredicate>[0], boolean]>([
    [{ op: 'ge', column: 'a', value: value('3') }, true],
    [{ op: 'gt', column: 'a', value: value('3') }, false],
    [{ op: 'lt', column: 'a', value: value('8') }, true],
    [{ op: 'le', column: 'a', value: value('6') }, false],
    [{ op: 'ne', column: 'a', value: value('8') }, true],
    [{ op: 'ne', column: 'a', value: value('5') }, false],
    [{ op: 'eq', column: 'a', value: value('3') }, false],
    [{ op: 'in', column: 'a', values: [value('3'), value('7')] }, false],
    [{ op: 'notNull', column: 'a' }, true],
    [{ op: 'isNull', column: 'a' }, false],
    [{ op: 'not', operand: { op: 'lt', column: 'a', value: value('3') } }, true],
    [{ op: 'ge', column: 'unknown', value: value('3') }, false],
    [{ op: 'not', operand: { op: 'ge', column: 'unknown', value: value('3') } }, false],
  ])('%j: %s', (filter, passes) => {
    expect(row(filter, between)).toEqual(passes ? [[1, value('3')]] : undefined);
  });

  test('not where some may be null', () => {
    const nulls = file(type, [3, 7], { nullCounts: new Map([[1, 1]]) });
    expect(row({ op: 'ge', column: 'a', value: value('3') }, nulls)).toBeUndefined();
    expect(
      row({ op: 'ge', column: 'a', value: value('3') }, file(type, [3, 7], { nullCounts: new Map() })),
    ).toBeUndefined();
  });

  test('by the value of their partition', () => {
    expect(
      row(
        { op: 'in', column: 'a', values: [value('1'), value('5')] },
        file(type, [1, 9], { specId: 1, partition: [5] }),
      ),
    ).toEqual([[1, value('5')]]);
    expect(row({ op: 'isNull', column: 'a' }, file(type, undefined, { specId: 1, partition: [null] }))).toEqual([
      [1, null],
    ]);
  });
});
