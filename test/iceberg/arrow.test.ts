import {
  Schema as ArrowSchema,
  Field,
  Float16,
  Int8,
  LargeUtf8,
  TimestampMillisecond,
  TimestampNanosecond,
  Uint32,
  Uint64,
  Union,
} from 'apache-arrow';
import { describe, expect, test } from 'vitest';
import {
  arrowToSchema,
  assignFieldIds,
  fieldToArrow,
  sqlTypeToIceberg,
  tableColumns,
  typeToText,
  writeDefault,
} from '../../src/iceberg/index.js';

describe('names that differ in case alone', () => {
  const columns = (...definitions: [name: string, type: string][]) =>
    tableColumns({
      schemaId: 0,
      identifierFieldIds: [],
      fields: definitions.map(([name, sql], id) => ({ id, name, required: false, type: sqlTypeToIceberg(sql) })),
    });

  test.each([
    [
      [
        ['a', 'INT'],
        ['A', 'INT'],
      ],
      /columns "a" and "A" differ in case alone/,
    ],
    [[['s', 'STRUCT<b INT, c STRUCT<Name INT, nAME INT>>']], /fields of c, "Name" and "nAME"/],
    [[['l', 'STRUCT<b INT, B INT>[]']], /fields of l.element, "b" and "B"/],
    [[['m', 'MAP<STRING, STRUCT<b INT, B INT>>']], /fields of m.value, "b" and "B"/],
  ] as [[string, string][], RegExp][])('%j are refused', (definitions, message) => {
    const refusal = expect.objectContaining({ code: 'UNIMPLEMENTED', message: expect.stringMatching(message) });
    expect(() => columns(...definitions)).toThrow(refusal);
  });

  test('letters beyond ASCII have no case to the engine, and fields of different structs are not beside each other', () => {
    expect(columns(['é', 'INT'], ['É', 'INT'], ['a', 'STRUCT<A INT>'], ['b', 'STRUCT<a INT>'])).toHaveLength(4);
  });
});

describe('Iceberg to Arrow', () => {
  test.each([
    ['INT', 'Int32'],
    ['DECIMAL(38, 10)', 'Decimal[38e+10]'],
    ['TIME', 'Time64<MICROSECOND>'],
    ['TIMESTAMPTZ', 'Timestamp<MICROSECOND, UTC>'],
    ['TIMESTAMP_NS', 'Timestamp<NANOSECOND>'],
    ['UUID', 'FixedSizeBinary[16]'],
    ['STRUCT<a INT, b STRING>', 'Struct<{a:Int32, b:Utf8}>'],
    ['INT[]', 'List<Int32>'],
  ])('%s', (sql, arrow) => {
    const field = fieldToArrow({ id: 1, name: 'c', required: false, type: sqlTypeToIceberg(sql) });
    expect(String(field.type)).toBe(arrow);
    expect(arrowToSchema(new ArrowSchema([field]), { formatVersion: 3 }).fields[0]?.type).toEqual(
      assignFieldIds([{ id: 0, name: 'c', required: false, type: sqlTypeToIceberg(sql) }])[0]?.type,
    );
  });

  test('field ids stand at every level, and a UUID says that it is one', () => {
    const [map] = assignFieldIds([{ id: 0, name: 'm', required: true, type: sqlTypeToIceberg('MAP<INT, UUID[]>') }]);
    const field = fieldToArrow(map as Parameters<typeof fieldToArrow>[0]);
    expect(field.nullable).toBe(false);
    const entries = field.type.children[0].type.children as Field[];
    const element = entries[1]?.type.children[0] as Field;
    expect(entries.map(({ metadata }) => metadata.get('PARQUET:field_id'))).toEqual(['2', '3']);
    expect(element.metadata.get('PARQUET:field_id')).toBe('4');
    expect(element.metadata.get('ARROW:extension:name')).toBe('arrow.uuid');
  });

  test('defaults come as literals; a required column without one must be given a value', () => {
    const field = { id: 1, name: 'd', required: false, type: sqlTypeToIceberg('DECIMAL(9, 2)') };
    const [column] = tableColumns({
      schemaId: 0,
      fields: [{ ...field, initialDefault: '1.50' }],
      identifierFieldIds: [],
    });
    expect(column?.initialDefault).toEqual({ type: 'decimal', text: '1.50' });
    expect(writeDefault({ ...field, writeDefault: '2.50' })).toBe("CAST('2.50' AS DECIMAL(9, 2))");
    expect(writeDefault(field)).toBe('NULL');
    expect(() => writeDefault({ ...field, required: true })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining('"d"') }),
    );
  });
});

describe('Arrow to Iceberg', () => {
  const mapped = (field: Field, formatVersion: 2 | 3 = 2) =>
    typeToText(
      (
        arrowToSchema(new ArrowSchema([field]), { formatVersion }).fields[0] as {
          type: Parameters<typeof typeToText>[0];
        }
      ).type,
    );

  test('the narrowest type that holds every value', () => {
    expect(mapped(new Field('a', new Int8(), true))).toBe('int');
    expect(mapped(new Field('a', new Uint32(), true))).toBe('long');
    expect(mapped(new Field('a', new Uint64(), true))).toBe('decimal(20, 0)');
    expect(mapped(new Field('a', new Float16(), true))).toBe('float');
    expect(mapped(new Field('a', new LargeUtf8(), true))).toBe('string');
    expect(mapped(new Field('a', new TimestampMillisecond(), true))).toBe('timestamp');
    expect(mapped(new Field('a', new TimestampNanosecond('Europe/Berlin'), true))).toBe('timestamptz');
    expect(mapped(new Field('a', new TimestampNanosecond('Europe/Berlin'), true), 3)).toBe('timestamptz_ns');
  });

  test('a boolean in eight bits is a boolean', () => {
    expect(mapped(new Field('a', new Int8(), true, new Map([['ARROW:extension:name', 'arrow.bool8']])))).toBe(
      'boolean',
    );
  });

  test('a type without counterpart is refused with its column', () => {
    const union = new Field('u', new Union(1, [0], [new Field('x', new Int8(), true)]), true);
    expect(() => mapped(union)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining('"u"') }),
    );
  });
});
