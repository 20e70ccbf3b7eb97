import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Type } from '../../src/iceberg/types.js';
import { bind, type Evaluator, field, openEvaluator, primitive } from './support/evaluate.js';

let evaluator: Evaluator;
beforeAll(async () => {
  evaluator = await openEvaluator();
});
afterAll(() => evaluator?.close());

const R = '{"type":"reference","id":1}';
const S = '{"type":"reference","id":2}';
const filterOf = (predicate: string) => `{"required-row-filter":${predicate}}`;
const compare = (type: string, left: string, right: string) => `{"type":"${type}","left":${left},"right":${right}}`;
const unary = (type: string, child = R) => `{"type":"${type}","child":${child}}`;
const set = (type: string, values: string) => `{"type":"${type}","child":${R},"values":${values}}`;
const not = (child: string) => `{"type":"not","child":${child}}`;
const both = (type: string, left: string, right: string) => `{"type":"${type}","left":${left},"right":${right}}`;
const literal = (value: string, type?: string) =>
  `{"type":"literal","value":${value}${type === undefined ? '' : `,"data-type":"${type}"`}}`;

/** Which of the values, in SQL, the filter keeps. */
async function kept(type: Type | string, predicate: string, values: string[]): Promise<string[]> {
  const fields = [field(1, 'c', type), field(2, 'i', 'int')];
  const rows = values.map((value, index) => `(${value}, ${index})`);
  const seen = await evaluator.seen(fields, rows, filterOf(predicate));
  return seen.map(([, index]) => values[Number(index)] as string);
}

const NAN = "'NaN'::DOUBLE";

describe('a row filter has two values of truth', () => {
  const [us, be] = ["'US'", "'BE'"];
  it.each<[string, string, Type | string, string[], string[]]>([
    ['not-eq keeps null', compare('not-eq', R, '"US"'), 'string', [us, be, 'NULL'], [be, 'NULL']],
    ['eq drops null', compare('eq', R, '"US"'), 'string', [us, be, 'NULL'], [us]],
    ['not eq keeps null', not(compare('eq', R, '"US"')), 'string', [us, be, 'NULL'], [be, 'NULL']],
    ['lt drops null', compare('lt', R, '5'), 'int', ['4', '5', 'NULL'], ['4']],
    ['not lt keeps null', not(compare('lt', R, '5')), 'int', ['4', '5', 'NULL'], ['5', 'NULL']],
    ['not not lt drops null', not(not(compare('lt', R, '5'))), 'int', ['4', '5', 'NULL'], ['4']],
    ['not-in keeps null', set('not-in', '[1]'), 'int', ['1', '2', 'NULL'], ['2', 'NULL']],
    ['in drops null', set('in', '[1, 3]'), 'int', ['1', '2', 'NULL'], ['1']],
    ['in nothing keeps nothing', set('in', '[]'), 'int', ['1', 'NULL'], []],
    ['not-in nothing keeps all', set('not-in', '[]'), 'int', ['1', 'NULL'], ['1', 'NULL']],
    ['gt drops NaN', compare('gt', R, '5'), 'double', ['6.0', NAN, 'NULL'], ['6.0']],
    ['gt-eq drops NaN', compare('gt-eq', R, '5'), 'double', ['6.0', '5.0', NAN, 'NULL'], ['6.0', '5.0']],
    ['lt drops NaN', compare('lt', R, '5'), 'double', ['4.0', NAN, 'NULL'], ['4.0']],
    ['not gt keeps NaN', not(compare('gt', R, '5')), 'double', ['6.0', NAN, 'NULL'], [NAN, 'NULL']],
    ['not-eq keeps NaN', compare('not-eq', R, '5'), 'double', ['5.0', NAN, 'NULL'], [NAN, 'NULL']],
    ['in drops NaN', set('in', '[5.0]'), 'double', ['5.0', NAN], ['5.0']],
    ['is-nan', unary('is-nan'), 'double', ['5.0', NAN, 'NULL'], [NAN]],
    ['not-nan keeps null', unary('not-nan'), 'double', ['5.0', NAN, 'NULL'], ['5.0', 'NULL']],
    ['is-null', unary('is-null'), 'double', ['5.0', NAN, 'NULL'], ['NULL']],
    ['not-null keeps NaN', unary('not-null'), 'double', ['5.0', NAN, 'NULL'], ['5.0', NAN]],
    ['starts-with drops null', compare('starts-with', R, '"B"'), 'string', [us, be, 'NULL'], [be]],
    ['not-starts-with keeps null', compare('not-starts-with', R, '"B"'), 'string', [us, be, 'NULL'], [us, 'NULL']],
    ['a constant may stand first', compare('eq', '5', R), 'int', ['4', '5'], ['5']],
    ['a constant that stands first turns the order', compare('lt', '5', R), 'int', ['4', '6'], ['6']],
    ['zero is negative zero', compare('eq', R, '0.0'), 'double', ['-0.0', '1.0'], ['-0.0']],
    ['and of true and false keeps nothing', both('and', 'true', 'false'), 'int', ['1', 'NULL'], []],
    [
      'alternatives keep null in a column of nothing else',
      both('or', compare('not-eq', R, '5'), compare('eq', R, '7')),
      'int',
      ['NULL', 'NULL'],
      ['NULL', 'NULL'],
    ],
    ['constants as objects', both('or', '{"type":"false"}', '{"type":"true"}'), 'int', ['1', 'NULL'], ['1', 'NULL']],
    ['false alone keeps nothing', 'false', 'int', ['1', 'NULL'], []],
  ])('%s', async (_, predicate, type, values, expected) => {
    expect(await kept(type, predicate, values)).toEqual(expected);
  });

  it('of two columns: null and NaN equal themselves, and are in no order', async () => {
    const fields = [field(1, 'a', 'double'), field(2, 'b', 'double')];
    const rows = [`(NULL, NULL)`, `(${NAN}, ${NAN})`, '(1.0, NULL)', `(1.0, ${NAN})`, '(1.0, 2.0)'];
    const count = async (op: string) => (await evaluator.seen(fields, rows, filterOf(compare(op, R, S)))).length;
    expect(await Promise.all(['eq', 'not-eq', 'lt', 'lt-eq', 'gt', 'gt-eq'].map(count))).toEqual([2, 3, 1, 3, 0, 2]);
  });
});

describe('a row filter compares', () => {
  it('strings by their UTF-8 bytes', async () => {
    const values = ['chr(65535)', 'chr(128513)', "'a'"];
    expect(await kept('string', compare('lt', R, '"\u{1F600}"'), values)).toEqual(['chr(65535)', "'a'"]);
  });

  it('numbers beyond 2^53 exactly', async () => {
    const values = ['9007199254740993', '9007199254740992'];
    expect(await kept('long', compare('eq', R, '9007199254740993'), values)).toEqual(['9007199254740993']);
    expect(await kept('long', set('in', '[9007199254740993, -9223372036854775808]'), values)).toEqual([values[0]]);
  });

  it('decimals by value, dates, times and bytes', async () => {
    const decimal: Type = { kind: 'decimal', precision: 9, scale: 2 };
    expect(await kept(decimal, compare('eq', R, '"5.0"'), ['5.00', '5.01'])).toEqual(['5.00']);
    const date = compare('gt-eq', R, literal('"2026-01-01"', 'date'));
    expect(await kept('date', date, ["DATE '2025-12-31'", "DATE '2026-01-01'"])).toEqual(["DATE '2026-01-01'"]);
    const zoned = compare('lt', R, '"2026-01-01T00:00:00+00:00"');
    const moments = ["TIMESTAMPTZ '2025-12-31 23:59:59+00'", "TIMESTAMPTZ '2026-01-01 00:00:00+00'"];
    expect(await kept('timestamptz', zoned, moments)).toEqual([moments[0]]);
    expect(await kept('time', compare('eq', R, '"22:31:08.123456"'), ["TIME '22:31:08.123456'"])).toHaveLength(1);
    expect(await kept('binary', compare('gt', R, '"7F"'), ["'\\x80'::BLOB", "'\\x7E'::BLOB"])).toEqual([
      "'\\x80'::BLOB",
    ]);
    const uuid = "'f79c3e09-677c-4bbd-a479-3f349cb785e7'::UUID";
    expect(await kept('uuid', compare('eq', R, '"f79c3e09-677c-4bbd-a479-3f349cb785e7"'), [uuid])).toHaveLength(1);
    expect(await kept('boolean', compare('gt', R, 'false'), ['true', 'false'])).toEqual(['true']);
  });

  it('across types as the format promotes them', async () => {
    expect(await kept('int', compare('lt', R, literal('4000000000', 'long')), ['1'])).toEqual(['1']);
    expect(await kept('int', compare('gt', R, literal('1.5', 'double')), ['1', '2'])).toEqual(['2']);
    const fields = [field(1, 'a', 'long'), field(2, 'b', 'int')];
    expect(await evaluator.seen(fields, ['(1, 1)', '(1, 2)'], filterOf(compare('eq', R, S)))).toHaveLength(1);
  });

  it('days and points in time that have no text of four-digit years', async () => {
    const days = ["DATE '9999-12-31'", "DATE '10000-01-01'", "DATE '0044-03-15 (BC)'"];
    expect(await kept('date', compare('gt-eq', R, '"+10000-01-01"'), days)).toEqual([days[1]]);
    expect(await kept('date', set('in', '["-0043-03-15", "+10000-01-01"]'), days)).toEqual([days[1], days[2]]);
    const times = ["TIMESTAMP '9999-12-31 00:00:00'", "TIMESTAMP '10000-01-01 00:00:00'"];
    expect(await kept('timestamp', compare('lt', R, '"+10000-01-01T00:00:00"'), times)).toEqual([times[0]]);
    const moments = times.map((text) => `CAST(${text} AS TIMESTAMPTZ)`);
    expect(await kept('timestamptz', compare('lt', R, '"+10000-01-01T00:00:00+00:00"'), moments)).toEqual([moments[0]]);
    const first = ['make_timestamp_ns(-9223372036854775806)', "TIMESTAMP_NS '2024-02-29 00:00:00'"];
    const text = '"1677-09-21T00:12:43.145224194"';
    expect(await kept('timestamp_ns', compare('not-eq', R, text), first)).toEqual([first[1]]);
    const beyond = /no value of the type/;
    await expect(kept('timestamp', compare('lt', R, '"+300000-01-01T00:00:00"'), times)).rejects.toThrow(beyond);
    await expect(kept('timestamp_ns', compare('lt', R, '"2300-01-01T00:00:00"'), first)).rejects.toThrow(beyond);
    await expect(kept('date', compare('lt', R, '"+9999999-01-01"'), days)).rejects.toThrow(beyond);
  });

  it('days with points in time that do not reach as far', async () => {
    const fields = [field(1, 'd', 'date'), field(2, 't', 'timestamp'), field(3, 'n', 'timestamp_ns')];
    const days = ["DATE '300000-01-01'", "DATE '2024-02-29'", "DATE '2024-03-01'", "DATE '290400-01-01 (BC)'", 'NULL'];
    const rows = days.map((day) => `(${day}, TIMESTAMP '2024-02-29 00:00:00', TIMESTAMP_NS '2024-02-29 00:00:00')`);
    const found = async (predicate: string) => {
      const seen = await evaluator.seen(fields, rows, filterOf(predicate), { formatVersion: 3 });
      return seen.map(([day]) => day);
    };
    const [far, same, after, before] = ['300000-01-01', '2024-02-29', '2024-03-01', '290400-01-01 (BC)'];
    const points = [S, '{"type":"reference","id":3}', literal('"2024-02-29T00:00:00"', 'timestamp')];
    for (const point of [...points, literal('"2024-02-29T00:00:00"', 'timestamp_ns')]) {
      expect(await found(compare('gt', R, point))).toEqual([far, after]);
      expect(await found(compare('lt', R, point))).toEqual([before]);
      expect(await found(compare('eq', R, point))).toEqual([same]);
      expect(await found(compare('not-eq', R, point))).toEqual([far, after, before, null]);
    }
  });

  it('fields inside structs, null where a parent is', async () => {
    const place: Type = { kind: 'struct', fields: [field(3, 'city', 'string')] };
    const fields = [field(1, 'c', place), field(2, 'i', 'int')];
    const rows = ["({'city': 'Bern'}, 1)", '(NULL, 2)', "({'city': NULL}, 3)"];
    const city = '{"type":"reference","id":3}';
    const ids = async (predicate: string) =>
      (await evaluator.seen(fields, rows, filterOf(predicate))).map((row) => row[1]);
    expect(await ids(compare('eq', city, '"Bern"'))).toEqual(['1']);
    expect(await ids(unary('is-null', city))).toEqual(['2', '3']);
  });

  it('a text with quotes and a NUL character', async () => {
    expect(await kept('string', compare('eq', R, '"it\'s\\u0000"'), ["'it''s' || chr(0)", "'it'"])).toHaveLength(1);
  });

  it('by chains of any length', async () => {
    const chain = Array.from({ length: 400 }, (_, value) => compare('eq', R, String(value))).reduce((left, right) =>
      both('or', left, right),
    );
    expect(await kept('int', chain, ['399', '400'])).toEqual(['399']);
  });
});

describe('what a row filter proves of the rows to keep', () => {
  const fields = [field(1, 'c', 'int'), field(2, 's', 'string'), field(3, 'd', 'double')];
  const proves = (predicate: string) => bind(fields, filterOf(predicate))?.filter;
  const value = { type: 'integer', text: '5' };

  it('is what it compares', () => {
    expect(proves(compare('lt', R, '5'))).toEqual({ op: 'lt', column: 'c', value });
    expect(proves(compare('lt', '5', R))).toEqual({ op: 'gt', column: 'c', value });
    expect(proves(compare('starts-with', S, '"a"'))).toEqual({ op: 'startsWith', column: 's', prefix: 'a' });
  });

  it('keeps nulls where it is negated', () => {
    const expected = {
      op: 'or',
      operands: [
        { op: 'isNull', column: 'c' },
        { op: 'not', operand: { op: 'eq', column: 'c', value } },
      ],
    };
    expect(proves(compare('not-eq', R, '5'))).toEqual(expected);
    expect(proves(not(compare('eq', R, '5')))).toEqual(expected);
  });

  it('is nothing where NaN may be kept, and never more than is known', () => {
    const double = '{"type":"reference","id":3}';
    expect(proves(compare('not-eq', double, '5'))).toBeUndefined();
    expect(proves(both('or', compare('eq', R, '5'), unary('is-nan', double)))).toBeUndefined();
    expect(proves(both('and', compare('eq', R, '5'), unary('is-nan', double)))).toEqual({
      op: 'and',
      operands: [{ op: 'eq', column: 'c', value }],
    });
  });
});

describe('a row filter is refused', () => {
  const inList: Type = { kind: 'list', elementId: 4, elementRequired: false, element: primitive('int') };
  const fields = [
    field(1, 'c', 'int'),
    field(2, 's', 'string'),
    field(3, 'tags', inList),
    field(5, 'v', 'variant'),
    field(6, 'd', { kind: 'decimal', precision: 4, scale: 2 }),
    field(7, 'day', 'date'),
    field(8, 'at', 'timestamp'),
    field(9, 'z', 'timestamptz'),
    field(10, 'l', 'long'),
  ];
  const ref = (id: number) => `{"type":"reference","id":${id}}`;

  it.each([
    ['a null constant', compare('eq', R, 'null')],
    ['a null in a set', set('in', '[null]')],
    ['a reference by name', compare('eq', '{"type":"reference","name":"c"}', '1')],
    ['a reference by name and id', compare('eq', '{"type":"reference","id":1,"name":"c"}', '1')],
    ['a term', '{"type":"eq","term":"c","value":1}'],
    ['an unknown predicate', '{"type":"between","child":{"type":"reference","id":1}}'],
    ['a string for a number', compare('eq', R, '"5"')],
    ['another member', `{"type":"eq","left":${R},"right":5,"case-sensitive":false}`],
    ['another member of a conjunction', '{"type":"and","left":true,"right":true,"xor":true}'],
    ['a missing side', `{"type":"eq","left":${R}}`],
    ['a function', compare('eq', `{"type":"apply","function":"f","arguments":[${R}]}`, '5')],
    ['a transform', compare('eq', '{"type":"transform","transform":"day","term":"c"}', '5')],
    ['constants on both sides', compare('eq', '5', '5')],
    ['a column of another name', compare('eq', ref(99), '5')],
    ['an id that is none', compare('eq', '{"type":"reference","id":"1"}', '5')],
    ['an id of zero', compare('eq', '{"type":"reference","id":0}', '5')],
    ['a fraction for an integer', compare('eq', R, '5.5')],
    ['an integer that is too large', compare('eq', R, '3000000000')],
    ['an integer that lost digits', compare('eq', ref(10), '9007199254740993.0')],
    ['a number for a decimal', compare('eq', ref(6), '5.00')],
    ['a decimal with more digits', compare('eq', ref(6), '"5.001"')],
    ['a decimal that is too large', compare('eq', ref(6), '"500.00"')],
    ['a date that is none', compare('eq', ref(7), '"2026-02-30"')],
    ['a date for a timestamp', compare('eq', ref(8), '"2026-02-03"')],
    ['a timestamp with an offset', compare('eq', ref(8), '"2026-02-03T00:00:00+00:00"')],
    ['a moment in another zone', compare('eq', ref(9), '"2026-02-03T00:00:00+02:00"')],
    ['a column inside a list', compare('eq', ref(4), '5')],
    ['a list', compare('eq', ref(3), '5')],
    ['a variant', compare('eq', ref(5), '5')],
    ['columns of types that do not fit', compare('eq', R, S)],
    ['a type that does not fit', compare('eq', R, literal('"5"', 'string'))],
    ['a type that is not known', compare('eq', R, literal('5', 'hugeint'))],
    [
      'a date against a timestamp before version 3',
      compare('lt', ref(7), literal('"2026-02-03T00:00:00"', 'timestamp')),
    ],
    ['a NaN test of an integer', unary('is-nan')],
    ['the beginning of a number', compare('starts-with', R, '"1"')],
    ['the beginning by a column', compare('starts-with', S, S)],
    ['a column in a set', set('in', `[${R}]`)],
    ['a set that is none', set('in', '5')],
    ['a text', '"true"'],
    ['a null operand', both('and', 'true', 'null')],
    ['a half of a character', compare('eq', S, '"\\ud800"')],
    ['a depth beyond measure', `${'{"type":"not","child":'.repeat(200)}true${'}'.repeat(200)}`],
    ['a size beyond measure', set('in', `[${Array.from({ length: 20_000 }, (_, index) => index).join()}]`)],
  ])('for %s, without a word of its values', (_, predicate) => {
    let failure: Error | undefined;
    try {
      bind(fields, filterOf(predicate));
    } catch (error) {
      failure = error as Error;
    }
    expect(failure).toMatchObject({ kind: 'a row filter' });
    expect(failure?.message).not.toMatch(/2026|9007|3000|5\.00|500|"5"/);
  });

  it('not for a date against a timestamp in version 3', () => {
    const predicate = compare('lt', ref(7), literal('"2026-02-03T00:00:00"', 'timestamp'));
    expect(bind(fields, filterOf(predicate), { formatVersion: 3 })?.condition).toContain('TIMESTAMP');
  });
});
