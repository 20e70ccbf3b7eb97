/** Row filters over every type of constant and every depth of logic, and masks that meet each other, over one table. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FaultyCatalog, startFaultyCatalog } from './support/faulty-catalog.js';

interface Field {
  id: number;
  name: string;
  type: unknown;
}
type Ids = (path: string) => number;
type Json = Record<string, unknown> | boolean;

let catalog: FaultyCatalog;
/** `read-restrictions` of the next loads of the table. */
let restrictions: (ids: Ids) => unknown = () => undefined;

beforeAll(async () => {
  catalog = await startFaultyCatalog();
  await catalog.update(
    `CREATE TABLE t (id INTEGER, l BIGINT, f FLOAT, d DOUBLE, n DECIMAL(9, 2), s VARCHAR, u UUID, b BINARY, x FIXED(2), da DATE, ti TIME,
       ts TIMESTAMP, tz TIMESTAMPTZ, ns TIMESTAMP_NS, bo BOOLEAN, st STRUCT(a INTEGER, i STRUCT(c VARCHAR, e INTEGER)), li VARCHAR[], m MAP(VARCHAR, INTEGER))
     PARTITIONED BY (s) WITH ('format-version' = '3')`,
  );
  await catalog.update(
    `INSERT INTO t VALUES
     (1, 9007199254740993, 1.5, 2.5, 5.00, 'EU', '0a000000-0000-0000-0000-000000000001', '\\x01\\xFF'::BLOB, '\\x00\\x01'::BLOB, '2024-02-29', '23:59:59.999999',
      '1969-12-31 23:59:59.999999', '2024-01-01 00:30:00+02', '2024-07-15 00:00:00.123456789', true, {'a': 1, 'i': {'c': 'deep', 'e': 7}}, ['a.1', NULL], MAP {'k': 1}),
     (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
     (3, 9007199254740992, 'NaN', 'NaN', -5.25, '\u{FFFF}', 'ffffffff-0000-0000-0000-000000000001', ''::BLOB, '\\xFF\\x00'::BLOB, '1969-01-01', '00:00:00',
      '2024-01-01 00:00:00', '2024-01-01 00:30:00+00', '1970-01-01 00:00:00.000000001', false, {'a': NULL, 'i': NULL}, [], MAP {}),
     (4, -1, -0.0, 'Infinity', 0.00, '\u{1F600}9', '80000000-0000-0000-0000-000000000000', '\\x02'::BLOB, '\\x7F\\xFF'::BLOB, '9999-12-31', '12:00:00',
      '2024-06-01 00:00:00', '1969-12-31 23:59:59+00', '2262-01-01 00:00:00', true, {'a': 4, 'i': {'c': NULL, 'e': 4}}, ['x'], MAP {'k': NULL})`,
  );
  await catalog.update('ALTER TABLE t ADD COLUMN later INTEGER');
  await catalog.update("INSERT INTO t (id, s, later) VALUES (5, 'US', 50)");
  catalog.fault = ({ method, path }) =>
    method === 'GET' && /\/tables\/t$/.test(path)
      ? { rewrite: (answer) => ({ ...answer, 'read-restrictions': restrictions(idsIn(answer)) }) }
      : undefined;
});
afterAll(() => catalog?.stop());

/** Ids of the current schema's fields by their paths. */
function idsIn(answer: Record<string, unknown>): Ids {
  const metadata = answer.metadata as {
    schemas: { 'schema-id': number; fields: Field[] }[];
    'current-schema-id': number;
  };
  const ids = new Map<string, number>();
  const add = (prefix: string, type: unknown) => {
    const nested = type as { type?: string; fields?: Field[]; [key: string]: unknown };
    for (const field of nested.fields ?? []) {
      ids.set(`${prefix}${field.name}`, field.id);
      add(`${prefix}${field.name}.`, field.type);
    }
    for (const part of ['element', 'key', 'value']) {
      if (nested[`${part}-id`] === undefined) continue;
      ids.set(`${prefix}${part}`, nested[`${part}-id`] as number);
      add(`${prefix}${part}.`, nested[part]);
    }
  };
  add(
    '',
    metadata.schemas.find((schema) => schema['schema-id'] === metadata['current-schema-id']),
  );
  return (path) => ids.get(path) ?? 9_999;
}

const test = (type: string, ids: Ids, column: string, value: unknown, dataType?: string): Json => ({
  type,
  left: { type: 'reference', id: ids(column) },
  right: dataType === undefined ? value : { type: 'literal', value, 'data-type': dataType },
});
const unary = (type: string, ids: Ids, column: string): Json => ({
  type,
  child: { type: 'reference', id: ids(column) },
});
const set = (type: string, ids: Ids, column: string, values: unknown): Json => ({
  ...(unary(type, ids, column) as object),
  values,
});
const not = (child: Json): Json => ({ type: 'not', child });
const and = (left: Json, right: Json): Json => ({ type: 'and', left, right });
const or = (left: Json, right: Json): Json => ({ type: 'or', left, right });
const both = (type: string, ids: Ids, left: string, right: string): Json => ({
  type,
  left: { type: 'reference', id: ids(left) },
  right: { type: 'reference', id: ids(right) },
});

describe('a row filter', () => {
  it.each<[name: string, filter: (ids: Ids) => unknown, rows: number[] | 'refused']>([
    ['a long beyond what a double holds', (i) => test('eq', i, 'l', 9007199254740993n), [1]],
    ['its negation, which keeps null', (i) => test('not-eq', i, 'l', 9007199254740993n), [2, 3, 4, 5]],
    ['a long out of its range', (i) => test('eq', i, 'l', 2n ** 63n), 'refused'],
    ['an int against a typed long', (i) => test('lt', i, 'id', 3, 'long'), [1, 2]],
    ['an int against a typed double', (i) => test('gt', i, 'id', 3.5, 'double'), [4, 5]],
    ['an int against a text', (i) => test('eq', i, 'id', '5'), 'refused'],
    ['an int against a fraction without a type', (i) => test('lt', i, 'id', 3.5), 'refused'],
    ['a float, NaN and null are not greater', (i) => test('gt', i, 'f', -1), [1, 4]],
    ['and not not greater', (i) => not(test('gt', i, 'f', -1)), [2, 3, 5]],
    ['the two zeros are one', (i) => test('eq', i, 'f', 0), [4]],
    ['NaN is unequal', (i) => test('not-eq', i, 'd', 2.5), [2, 3, 4, 5]],
    ['is-nan', (i) => unary('is-nan', i, 'd'), [3]],
    ['not-nan keeps null', (i) => unary('not-nan', i, 'd'), [1, 2, 4, 5]],
    ['is-nan of a decimal', (i) => unary('is-nan', i, 'n'), 'refused'],
    ['a double that is none', (i) => test('eq', i, 'd', 'NaN'), 'refused'],
    ['a decimal of fewer digits', (i) => test('eq', i, 'n', '5.0'), [1]],
    ['a wider decimal', (i) => test('lt', i, 'n', '0.00', 'decimal(20, 2)'), [3]],
    ['a decimal of another scale', (i) => test('lt', i, 'n', '0.000', 'decimal(9, 3)'), 'refused'],
    ['a decimal as a number', (i) => test('eq', i, 'n', 5), 'refused'],
    ['a decimal in exponential form', (i) => test('gt-eq', i, 'n', '5E+0'), [1]],
    ['texts by their UTF-8 bytes', (i) => test('lt', i, 's', '\u{1F600}'), [1, 3, 5]],
    ['a beginning', (i) => test('starts-with', i, 's', '\u{1F600}'), [4]],
    ['not a beginning keeps null', (i) => test('not-starts-with', i, 's', 'E'), [2, 3, 4, 5]],
    ['a beginning of a number', (i) => test('starts-with', i, 'l', '9'), 'refused'],
    ['UUIDs by unsigned bytes', (i) => test('gt', i, 'u', '7fffffff-0000-0000-0000-000000000000'), [3, 4]],
    ['binary by unsigned bytes', (i) => test('lt-eq', i, 'b', '01ff'), [1, 3]],
    ['fixed in upper case', (i) => test('gt', i, 'x', '7F00'), [3, 4]],
    ['fixed of another length', (i) => test('eq', i, 'x', '7F'), 'refused'],
    ['a date', (i) => test('gt-eq', i, 'da', '2024-02-29'), [1, 4]],
    ['a date that there is not', (i) => test('eq', i, 'da', '2023-02-29'), 'refused'],
    ['a date as its number', (i) => test('eq', i, 'da', 19_782), 'refused'],
    ['a time', (i) => test('gt', i, 'ti', '12:00:00'), [1]],
    ['a timestamp before 1970', (i) => test('lt', i, 'ts', '1970-01-01T00:00:00'), [1]],
    ['a timestamp against a typed date', (i) => test('gt', i, 'ts', '2024-01-01', 'date'), [4]],
    ['a timestamp with a zone where it has none', (i) => test('lt', i, 'ts', '1970-01-01T00:00:00+00:00'), 'refused'],
    ['a moment', (i) => test('lt', i, 'tz', '2024-01-01T00:00:00+00:00'), [1, 4]],
    ['a moment in another zone', (i) => test('lt', i, 'tz', '2024-01-01T02:00:00+02:00'), 'refused'],
    ['nanoseconds', (i) => test('eq', i, 'ns', '2024-07-15T00:00:00.123456789'), [1]],
    ['a boolean, false below true', (i) => test('lt', i, 'bo', true), [3]],
    ['a set', (i) => set('in', i, 's', ['EU', 'US']), [1, 5]],
    [
      'not in a set keeps null',
      (i) => set('not-in', i, 's', { type: 'literals', values: ['EU', 'US'], 'data-type': 'string' }),
      [2, 3, 4],
    ],
    ['an empty set', (i) => set('in', i, 's', []), []],
    ['in no empty set', (i) => set('not-in', i, 's', []), [1, 2, 3, 4, 5]],
    ['a set with null', (i) => set('in', i, 's', ['EU', null]), 'refused'],
    ['a leaf of a struct in a struct', (i) => test('eq', i, 'st.i.c', 'deep'), [1]],
    ['it is null where a parent is', (i) => unary('is-null', i, 'st.i.c'), [2, 3, 4, 5]],
    ['two columns', (i) => both('eq', i, 'id', 'st.a'), [1, 4]],
    ['null equals null', (i) => both('eq', i, 'st.a', 'st.i.e'), [2, 3, 4, 5]],
    [
      'null is not below null, but not above it',
      (i) => and(both('lt-eq', i, 'st.a', 'st.i.e'), not(both('lt', i, 'st.a', 'st.i.e'))),
      [2, 3, 4, 5],
    ],
    ['NaN equals NaN', (i) => and(both('eq', i, 'f', 'd'), unary('not-null', i, 'f')), [3]],
    ['columns of types that do not go together', (i) => both('eq', i, 'id', 's'), 'refused'],
    ['inside a list', (i) => test('eq', i, 'li.element', 'x'), 'refused'],
    ['a list that is null', (i) => unary('is-null', i, 'li'), [2, 5]],
    ['a key of a map', (i) => unary('not-null', i, 'm.key'), 'refused'],
    ['a column that older files lack', (i) => test('not-eq', i, 'later', 50), [1, 2, 3, 4]],
    ['a field that is not there', (i) => test('not-eq', i, 'gone', 1), 'refused'],
    ['a field that is not there, where it could not matter', (i) => or(true, test('eq', i, 'gone', 1)), 'refused'],
    ['constants before columns', (i) => ({ type: 'lt', left: 3, right: { type: 'reference', id: i('id') } }), [4, 5]],
    ['two constants', () => ({ type: 'eq', left: 1, right: 1 }), 'refused'],
    ['never', () => false, []],
    ['nothing', () => null, [1, 2, 3, 4, 5]],
    ['the old form', (i) => ({ type: 'eq', term: 's', value: i('s') }), 'refused'],
    ['a member too many', (i) => ({ ...(test('eq', i, 's', 'EU') as object), note: 1 }), 'refused'],
    ['three operands', (i) => ({ ...(and(test('eq', i, 's', 'EU'), true) as object), more: true }), 'refused'],
    ['an unknown predicate', (i) => test('between', i, 'id', 1), 'refused'],
    [
      'a function',
      (i) => ({
        type: 'eq',
        left: { type: 'apply', function: 'upper', arguments: [{ type: 'reference', id: i('s') }] },
        right: 'EU',
      }),
      'refused',
    ],
    [
      'logic that is 80 levels deep',
      (i) => Array.from({ length: 40 }).reduce<Json>((inner) => not(and(inner, true)), test('lt', i, 'd', 3)),
      [1],
    ],
    [
      'a mixture under not',
      (i) =>
        not(
          or(
            and(test('eq', i, 'bo', true), set('in', i, 's', ['EU'])),
            or(unary('is-null', i, 's'), test('gt', i, 'id', 4)),
          ),
        ),
      [3, 4],
    ],
  ])('%s', async (_, filter, rows) => {
    restrictions = (ids) => ({ 'required-row-filter': filter(ids) });
    const found = catalog.rows('SELECT id FROM t ORDER BY id');
    if (rows === 'refused') {
      await expect(found).rejects.toMatchObject({
        code: 'PERMISSION_DENIED',
        message: expect.stringContaining('row filter'),
      });
    } else {
      expect((await found).flat()).toEqual(rows);
    }
  });
});

describe('masks', () => {
  it.each<[name: string, masks: [path: string, action: string][], column: string, value: unknown]>([
    ['of a leaf in a struct', [['st.i.c', 'mask-alphanum']], 'st.i.c', 'xxxx'],
    ['of a whole struct, null or not', [['st', 'mask-to-fixed-value']], 'st.i.c', 'XXXXXXXX'],
    [
      'of two leaves',
      [
        ['st.a', 'replace-with-null'],
        ['st.i.e', 'mask-to-fixed-value'],
      ],
      'st.i.e + coalesce(st.a, 100)',
      100,
    ],
    ['of list elements', [['li.element', 'show-last-4']], "array_to_string(li, ';')", 'a.1'],
    ['of map values', [['m.value', 'replace-with-null']], "m['k'] IS NULL", true],
    ['of a partition column', [['s', 'sha-256-global']], 'left(s, 8)', '9170a8b2'],
    ['of a column that only the filter of the statement reads', [['n', 'mask-to-fixed-value']], 'id', 1],
    ['of a field that is not there', [['gone', 'mask-alphanum']], 's', 'EU'],
    ['of nanoseconds', [['ns', 'truncate-to-month']], 'CAST(ns AS VARCHAR)', '2024-07-01 00:00:00'],
    ['of a moment, in UTC', [['tz', 'truncate-to-year']], "tz = TIMESTAMPTZ '2023-01-01 00:00:00+00'", true],
    ['of a list as a whole', [['li', 'replace-with-null']], 'li IS NULL', true],
    ['of two types that do not go together', [['d', 'mask-alphanum']], 'd', 'refused'],
    [
      'of a field twice',
      [
        ['s', 'mask-alphanum'],
        ['s', 'show-first-4'],
      ],
      's',
      'refused',
    ],
    [
      'of a struct and a leaf in it',
      [
        ['st', 'replace-with-null'],
        ['st.i.c', 'mask-alphanum'],
      ],
      'id',
      'refused',
    ],
    ['of a key', [['m.key', 'mask-alphanum']], 'id', 'refused'],
    ['by an action that is not known', [['s', 'mask-to-default']], 'id', 'refused'],
    ['by an action of another form', [['s', 'mask_alphanum']], 'id', 'refused'],
    ['of a date by its hash', [['da', 'sha-256-global']], 'da', 'refused'],
    ['of nested values by a truncation', [['st', 'truncate-to-year']], 'id', 'refused'],
  ])('%s', async (_, masks, column, value) => {
    restrictions = (ids) => ({
      'required-column-projections': masks.map(([path, action]) => ({ 'field-id': ids(path), action })),
      'required-row-filter': test('eq', ids, 'l', 9007199254740993n),
    });
    const found = catalog.rows(`SELECT ${column} FROM t`);
    if (value === 'refused') {
      await expect(found).rejects.toMatchObject({
        code: 'PERMISSION_DENIED',
        message: expect.stringContaining('column masks'),
      });
    } else expect(await found).toEqual([[value]]);
  });
});
