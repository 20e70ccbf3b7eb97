import { describe, expect, test } from 'vitest';
import { sqlTypeToIceberg, typeToSql, typeToText } from '../../src/iceberg/index.js';

describe('column types in SQL', () => {
  test.each([
    ['boolean', 'boolean'],
    ['TINYINT', 'int'],
    ['integer', 'int'],
    ['BIGINT', 'long'],
    ['real', 'float'],
    ['FLOAT(53)', 'double'],
    ['DOUBLE PRECISION', 'double'],
    ['numeric(10)', 'decimal(10, 0)'],
    ['DECIMAL(38, 10)', 'decimal(38, 10)'],
    ['date', 'date'],
    ['TIME', 'time'],
    ['TIMESTAMP', 'timestamp'],
    ['TIMESTAMP(6) WITH TIME ZONE', 'timestamptz'],
    ['timestamp with time zone', 'timestamptz'],
    ['TIMESTAMP(9)', 'timestamp_ns'],
    ['TIMESTAMP_NS', 'timestamp_ns'],
    ['VARCHAR(20)', 'string'],
    ['CHARACTER VARYING(20)', 'string'],
    ['TEXT', 'string'],
    ['uuid', 'uuid'],
    ['BLOB', 'binary'],
    ['BINARY(4)', 'fixed[4]'],
    ['FIXED(16)', 'fixed[16]'],
    ['variant', 'variant'],
    ['STRUCT<a INT NOT NULL, b: STRING>', 'struct<a: int, b: string>'],
    ['ROW("a b" INT, `c``d` ARRAY<DECIMAL(9,2)>)', 'struct<a b: int, c`d: list<decimal(9, 2)>>'],
    ['MAP(VARCHAR, INT[])', 'map<string, list<int>>'],
    ['MAP<STRING, MAP<INT, DOUBLE>>', 'map<string, map<int, double>>'],
    ['INT[][]', 'list<list<int>>'],
  ])('%s is %s', (sql, iceberg) => {
    const type = sqlTypeToIceberg(sql);
    expect(typeToText(type)).toBe(iceberg);
    expect(sqlTypeToIceberg(typeToSql(type))).toEqual(type);
  });

  test('NOT NULL inside a nested type is kept', () => {
    expect(sqlTypeToIceberg('LIST<INT NOT NULL>')).toMatchObject({ elementRequired: true });
    expect(sqlTypeToIceberg('STRUCT(a INT NOT NULL)')).toMatchObject({ fields: [{ required: true }] });
  });

  test.each(['MONEY', 'INT INT', 'DECIMAL(39, 2)', 'STRUCT<a>', 'MAP<INT>', 'INT[3]', '', 'toString'])(
    '%s is refused by name',
    (sql) => {
      expect(() => sqlTypeToIceberg(sql)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    },
  );
});
