/** Whatever pruning takes away holds no row that a filter wants. Files, values and filters are drawn from a seeded generator. */
import { describe, expect, test } from 'vitest';
import type { Filter, Literal } from '../../src/expressions/index.js';
import { describeManifest } from '../../src/iceberg/manifest/writer.js';
import { mayMatchManifest, mayMatchPartition, mayMatchStatistics } from '../../src/iceberg/plan/evaluate.js';
import { bindFilter } from '../../src/iceberg/plan/predicate.js';
import { projectPredicate } from '../../src/iceberg/plan/projection.js';
import { applyTransform, parseTransform, resultTypeOf } from '../../src/iceberg/transforms/transform.js';
import type { DataFile, PartitionValue, PrimitiveType, Schema, Type } from '../../src/iceberg/types.js';
import { compareValues, encodeValue, type Value } from '../../src/iceberg/values/single-value.js';
import { parseValue, valueToLiteral } from '../../src/iceberg/values/text-value.js';
import { truncateLower, truncateUpper } from '../../src/iceberg/write/truncate-bounds.js';

function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 0) / 2 ** 32;
  };
}

const primitive = (type: PrimitiveType): Type => ({ kind: 'primitive', type });
const texts: [Type, string[], string[]][] = [
  [
    primitive('int'),
    ['-2147483648', '-2147483640', '-11', '-10', '-1', '0', '1', '9', '10', '99', '2147483647'],
    ['identity', 'truncate[10]', 'bucket[4]', 'void'],
  ],
  [
    primitive('long'),
    ['-9223372036854775808', '-9223372036854775000', '-7', '0', '6', '7', '9223372036854775807'],
    ['truncate[7]', 'bucket[3]'],
  ],
  [primitive('double'), ['-Infinity', '-1.5', '-0.0', '0', '1.5', 'NaN', 'Infinity'], ['identity']],
  [primitive('float'), ['-1.5', '0.1', '0.25', 'NaN'], ['identity']],
  [
    { kind: 'decimal', precision: 9, scale: 2 },
    ['-10.65', '-0.01', '0.00', '10.50', '10.65'],
    ['truncate[50]', 'bucket[4]', 'identity'],
  ],
  [
    primitive('string'),
    ['', 'a', 'ab', 'abc', 'abd', 'b', '\u{ff5e}', '\u{1f600}x', '\u{10ffff}\u{10ffff}'],
    ['truncate[2]', 'identity', 'bucket[4]'],
  ],
  [
    primitive('date'),
    ['1969-01-01', '1969-12-31', '1970-01-01', '2020-02-29', '2020-03-01'],
    ['year', 'month', 'day', 'identity'],
  ],
  [
    primitive('timestamp'),
    ['1969-12-31T23:59:59.999999', '1970-01-01T00:00:00', '2020-02-29T12:30:00', '2020-02-29T13:00:00'],
    ['year', 'month', 'day', 'hour'],
  ],
  [
    // Hours beyond 32 bits, and the last and first ones within.
    primitive('timestamp'),
    [
      '-241000-01-01T00:00:00',
      '-200000-01-01T00:00:00',
      '1970-01-01T00:00:00',
      '246953-10-09T07:00:00',
      '246953-10-09T08:00:00',
      '290000-01-01T00:00:00',
    ],
    ['year', 'month', 'day', 'hour'],
  ],
  [primitive('boolean'), ['true', 'false'], ['identity']],
  [
    primitive('uuid'),
    ['00000000-0000-0000-0000-000000000001', 'f79c3e09-677c-4bbd-a479-3f349cb785e7'],
    ['identity', 'bucket[4]'],
  ],
];

type Row = Value | null;

/** SQL's three values; NaN equals NaN and is above all numbers, as in the engine. */
function passes(filter: Filter, row: Row, type: Type): boolean | null {
  switch (filter.op) {
    case 'and':
    case 'or': {
      const results = filter.operands.map((operand) => passes(operand, row, type));
      const decisive = filter.op === 'or';
      if (results.includes(decisive)) return decisive;
      return results.includes(null) ? null : !decisive;
    }
    case 'not': {
      const result = passes(filter.operand, row, type);
      return result === null ? null : !result;
    }
    case 'isNull':
      return row === null;
    case 'notNull':
      return row !== null;
  }
  if (row === null) return null;
  if (filter.op === 'startsWith') return (row as string).startsWith(filter.prefix);
  const order = (literal: Literal) => compareValues(row, narrow(type, parseValue(type, literal.text) as Value));
  switch (filter.op) {
    case 'in':
      return filter.values.some((literal) => order(literal) === 0);
    case 'eq':
      return order(filter.value) === 0;
    case 'ne':
      return order(filter.value) !== 0;
    case 'lt':
      return order(filter.value) < 0;
    case 'le':
      return order(filter.value) <= 0;
    case 'gt':
      return order(filter.value) > 0;
    case 'ge':
      return order(filter.value) >= 0;
  }
}

function narrow(type: Type, value: Value): Value {
  return type.kind === 'primitive' && type.type === 'float' ? Math.fround(value as number) : value;
}

function dataFile(rows: readonly Row[], type: Type, random: () => number): DataFile {
  const present = rows.filter((row): row is Value => row !== null && !Number.isNaN(row));
  const low = present.reduce<Value | undefined>(
    (a, b) => (a !== undefined && compareValues(a, b) <= 0 ? a : b),
    undefined,
  );
  const high = present.reduce<Value | undefined>(
    (a, b) => (a !== undefined && compareValues(a, b) >= 0 ? a : b),
    undefined,
  );
  const file: DataFile = {
    content: 'data',
    location: 'file:///f.parquet',
    format: 'parquet',
    specId: 0,
    partition: [],
    recordCount: rows.length,
    fileSize: 1,
  };
  if (random() < 0.9) {
    file.valueCounts = new Map([[1, rows.length]]);
    file.nullCounts = new Map([[1, rows.filter((row) => row === null).length]]);
  }
  if (random() < 0.5) file.nanCounts = new Map([[1, rows.filter((row) => Number.isNaN(row)).length]]);
  const width = random() < 0.5 ? 2 : 100;
  const lower = typeof low === 'string' ? truncateLower(low, width) : low;
  const upper = typeof high === 'string' ? truncateUpper(high, width) : high;
  if (lower !== undefined && random() < 0.9) file.lowerBounds = new Map([[1, encodeValue(type, lower)]]);
  if (upper !== undefined && random() < 0.9) file.upperBounds = new Map([[1, encodeValue(type, upper)]]);
  if (typeof low === 'string' && typeof high === 'string' && random() < 0.3) cutInBytes(file, low, high, random);
  return file;
}

/** Text bounds as some writers cut them: inside of characters too, the upper one raised in its last byte or not. */
function cutInBytes(file: DataFile, low: string, high: string, random: () => number): void {
  const cut = (text: string) => Buffer.from(text).subarray(0, 1 + Math.floor(random() * 4));
  const [lower, upper] = [cut(low), Buffer.from(cut(high))];
  const last = upper.length - 1;
  if (last >= 0 && upper.length < Buffer.byteLength(high) && random() < 0.5) upper[last] = (upper[last] as number) + 1;
  file.lowerBounds = new Map([[1, lower]]);
  file.upperBounds = new Map([[1, upper]]);
}

function randomFilter(type: Type, values: readonly Value[], random: () => number, depth = 0): Filter {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
  const literal = () => valueToLiteral(type, pick(values)) as Literal;
  const shape = random();
  if (depth < 2 && shape < 0.3) {
    const operands = [0, 1].map(() => randomFilter(type, values, random, depth + 1));
    return shape < 0.2
      ? { op: random() < 0.5 ? 'and' : 'or', operands }
      : { op: 'not', operand: operands[0] as Filter };
  }
  if (shape < 0.4) return { op: random() < 0.5 ? 'isNull' : 'notNull', column: 'c' };
  if (shape < 0.5) return { op: 'in', column: 'c', values: [literal(), literal()] };
  if (shape < 0.6 && type.kind === 'primitive' && type.type === 'string') {
    return { op: 'startsWith', column: 'c', prefix: pick(values) as string };
  }
  return { op: pick(['eq', 'ne', 'lt', 'le', 'gt', 'ge'] as const), column: 'c', value: literal() };
}

describe('pruning never loses a row', () => {
  test.each(texts)('%o', (type, allTexts, transforms) => {
    const random = generator(7);
    const values = allTexts.map((text) => narrow(type, parseValue(type, text) as Value));
    const schema: Schema = {
      schemaId: 0,
      fields: [{ id: 1, name: 'c', required: false, type }],
      identifierFieldIds: [],
    };
    let pruned = 0;
    for (let round = 0; round < 3000; round++) {
      const rows = Array.from({ length: 1 + Math.floor(random() * 3) }, () =>
        random() < 0.2 ? null : (values[Math.floor(random() * values.length)] as Value),
      );
      const filter = randomFilter(type, values, random);
      const predicate = bindFilter(filter, schema);
      const matching = rows.filter((row) => passes(filter, row, type) === true);
      const shown = () => JSON.stringify({ filter, rows: rows.map(String) });
      const kept = mayMatchStatistics(predicate, dataFile(rows, type, random), []);
      if (matching.length > 0) expect(kept, shown()).toBe(true);
      if (!kept) pruned++;
      for (const transform of transforms) {
        const fields = [{ fieldId: 1000, sourceIds: [1], name: 'p', transform }];
        const projected = projectPredicate(predicate, fields);
        const partitionType = resultTypeOf(transform, type);
        const entries = rows.map((row) => {
          const partition =
            row === null ? null : (applyTransform(parseTransform(transform), type, row) as PartitionValue);
          return { status: 'added' as const, file: { ...dataFile([row], type, random), partition: [partition] } };
        });
        const manifest = describeManifest(
          { formatVersion: 2, content: 'data', schema, spec: { specId: 0, fields }, partitionTypes: [partitionType] },
          entries,
          { location: '', length: 0, snapshotId: 1n, sequenceNumber: 1 },
        );
        rows.forEach((row, index) => {
          if (passes(filter, row, type) !== true) return;
          expect(mayMatchPartition(projected, (entries[index] as { file: DataFile }).file, fields), shown()).toBe(true);
        });
        if (matching.length > 0) expect(mayMatchManifest(projected, manifest, fields), shown()).toBe(true);
      }
    }
    expect(pruned).toBeGreaterThan(100);
  });
});

describe('literals of another type than the column', () => {
  const schema: Schema = {
    schemaId: 0,
    fields: [
      { id: 1, name: 'i', required: false, type: primitive('int') },
      { id: 2, name: 'ts', required: false, type: primitive('timestamp') },
      { id: 3, name: 'tz', required: false, type: primitive('timestamptz') },
      { id: 4, name: 'd', required: false, type: primitive('double') },
      { id: 5, name: 'l', required: false, type: primitive('long') },
    ],
    identifierFieldIds: [],
  };
  const bind = (op: 'eq' | 'lt' | 'ge', column: string, value: Literal) => bindFilter({ op, column, value }, schema);

  test('a fraction never equals an integer, and bounds it from both sides', () => {
    expect(bind('eq', 'i', { type: 'decimal', text: '3.5' })).toEqual({ op: 'never' });
    expect(bind('lt', 'i', { type: 'decimal', text: '3.5' })).toMatchObject({ op: 'le', value: 3 });
    expect(bind('ge', 'i', { type: 'decimal', text: '3.5' })).toMatchObject({ op: 'gt', value: 3 });
  });

  test('a date is the midnight of a timestamp; an integer is a double', () => {
    expect(bind('eq', 'ts', { type: 'date', text: '1970-01-02' })).toMatchObject({ value: 86_400_000_000n });
    expect(bind('eq', 'd', { type: 'integer', text: '3' })).toMatchObject({ value: 3 });
  });

  test('what depends on the zone of a session, on rounding, or on an unknown column prunes nothing', () => {
    expect(bind('eq', 'tz', { type: 'timestamp', text: '2020-01-01 00:00:00' })).toEqual({ op: 'always' });
    expect(bind('eq', 'i', { type: 'string', text: '3.5' })).toEqual({ op: 'always' });
    expect(bind('eq', 'l', { type: 'float', text: '9007199254740993' })).toEqual({ op: 'always' });
    expect(bind('eq', 'nowhere', { type: 'integer', text: '3' })).toEqual({ op: 'always' });
  });
});
