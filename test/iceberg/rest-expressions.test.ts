import { describe, expect, it } from 'vitest';
import type { Filter, Literal } from '../../src/expressions/index.js';
import { filterFromJson, filterToJson, testsIn, UnreadableExpression } from '../../src/iceberg/rest/expression.js';
import { boundFromJson, valueFromJson, valueToJson } from '../../src/iceberg/rest/value.js';
import type { PrimitiveType, Schema, Type } from '../../src/iceberg/types.js';
import { parseJsonAsWritten } from '../../src/json.js';

const type = (name: PrimitiveType): Type => ({ kind: 'primitive', type: name });
const fields = (
  [
    ['i', type('int')],
    ['l', type('long')],
    ['f', type('double')],
    ['s', type('string')],
    ['d', type('date')],
    ['t', type('timestamptz')],
    ['u', type('uuid')],
    ['m', { kind: 'decimal', precision: 9, scale: 2 }],
    ['b', type('binary')],
  ] as const
).map(([name, of], index) => ({ id: index + 1, name, required: false, type: of }));
const schema: Schema = { schemaId: 0, fields, identifierFieldIds: [] };
const names = new Map(fields.map(({ id, name }) => [id, name]));
const literal = (of: Literal['type'], text: string): Literal => ({ type: of, text });
const test = (op: 'eq' | 'ne' | 'lt' | 'gt' | 'ge', column: string, value: Literal): Filter => ({ op, column, value });
const json = (filter: Filter) => filterToJson(filter, schema, names);

describe('a filter for the catalog', () => {
  it.each([
    [test('eq', 'l', literal('integer', '9007199254740993')), { type: 'eq', term: 'l', value: 9007199254740993n }],
    [test('lt', 'i', literal('decimal', '3.5')), { type: 'lt-eq', term: 'i', value: 3 }],
    [test('ge', 'd', literal('date', '2026-01-31')), { type: 'gt-eq', term: 'd', value: '2026-01-31' }],
    [
      test('lt', 't', literal('timestamptz', '2026-01-31T22:31:08+00:00')),
      { type: 'lt', term: 't', value: '2026-01-31T22:31:08.000000+00:00' },
    ],
    [test('eq', 'm', literal('decimal', '14.2')), { type: 'eq', term: 'm', value: '14.20' }],
    [test('eq', 'b', literal('binary', '00ff')), { type: 'eq', term: 'b', value: '00FF' }],
    [{ op: 'isNull', column: 's' } as Filter, { type: 'is-null', term: 's' }],
    [{ op: 'startsWith', column: 's', prefix: 'ab' } as Filter, { type: 'starts-with', term: 's', value: 'ab' }],
    [
      { op: 'in', column: 'i', values: [literal('integer', '2'), literal('integer', '1')] } as Filter,
      { type: 'in', term: 'i', values: [1, 2] },
    ],
  ])('%j is told with values of its columns', (filter, wanted) => {
    expect(json(filter)).toEqual(wanted);
  });

  it('lets NaN through where the engine does', () => {
    expect(json(test('gt', 'f', literal('float', '1.5')))).toEqual({
      type: 'or',
      left: { type: 'gt', term: 'f', value: 1.5 },
      right: { type: 'is-nan', term: 'f' },
    });
  });

  it.each([
    ['a UUID', test('eq', 'u', literal('uuid', 'f79c3e09-677c-4bbd-a479-3f349cb785e7'))],
    ['a zero', test('eq', 'f', literal('float', '0'))],
    ['NaN', test('eq', 'f', literal('float', 'NaN'))],
    ['a year of five digits', test('eq', 'd', literal('date', '12345-01-01'))],
  ])('does not tell what servers may take otherwise: %s', (_, filter) => {
    expect(json(filter)).toBeUndefined();
    const other = test('eq', 'i', literal('integer', '1'));
    expect(json({ op: 'and', operands: [filter, other] })).toEqual({ type: 'eq', term: 'i', value: 1 });
    expect(json({ op: 'or', operands: [filter, other] })).toBeUndefined();
  });

  it('does not tell of columns that the catalog does not know by then', () => {
    expect(filterToJson(test('eq', 'i', literal('integer', '1')), schema, new Map())).toBeUndefined();
  });
});

describe('an expression of a client', () => {
  const eq = { op: 'eq', column: 's', value: { type: 'string', text: 'US' } };
  const orNull = (filter: unknown) => ({ op: 'or', operands: [filter, { op: 'isNull', column: 's' }] });
  const reference = { type: 'reference', name: 's' };

  it.each([
    [true, undefined],
    [false, { op: 'or', operands: [] }],
    [{ type: 'true' }, undefined],
    [{ type: 'eq', term: 's', value: 'US' }, eq],
    [{ type: 'eq', left: reference, right: { type: 'literal', value: 'US', 'data-type': 'string' } }, eq],
    [{ type: 'eq', left: 'US', right: reference }, eq],
    [{ type: 'not-eq', term: 's', value: 'US' }, orNull({ ...eq, op: 'ne' })],
    [{ type: 'not', child: { type: 'eq', term: 's', value: 'US' } }, orNull({ ...eq, op: 'ne' })],
    [{ type: 'not', child: { type: 'lt', term: 's', value: 'US' } }, orNull({ ...eq, op: 'ge' })],
    [
      { type: 'lt', left: 5, right: { type: 'reference', name: 'i' } },
      { op: 'gt', column: 'i', value: { type: 'integer', text: '5' } },
    ],
    [{ type: 'not', child: { type: 'gt', term: 'f', value: 5 } }, undefined],
    [{ type: 'is-nan', term: 'f' }, undefined],
    [{ type: 'not-in', term: 's', values: ['US'] }, undefined],
    [
      { type: 'and', left: { type: 'is-nan', child: 'f' }, right: { type: 'is-null', child: reference } },
      { op: 'isNull', column: 's' },
    ],
  ])('%j lets through what it does, and null where it does', (expression, wanted) => {
    expect(filterFromJson(expression, schema)).toEqual(wanted);
  });

  it('takes numbers as they were written', () => {
    for (const [written, text] of [
      ['1.7976931348623157e+308', '1.7976931348623157e+308'],
      ['3.0', '3'],
      ['0.5', '0.5'],
    ]) {
      const expression = parseJsonAsWritten(`{"type":"lt","term":"f","value":${written}}`);
      expect(filterFromJson(expression, schema)).toEqual(test('lt', 'f', literal('float', text as string)));
    }
  });

  it.each([
    [{ type: 'between', term: 's' }],
    [{ type: 'eq', term: 'nowhere', value: 1 }],
    [{ type: 'eq', term: 'i', value: 'five' }],
    [{ type: 'in', term: 'i', values: 5 }],
    ['true'],
    [null],
  ])('%j is refused', (expression) => {
    expect(() => filterFromJson(expression, schema)).toThrow(UnreadableExpression);
  });

  it('has the same tests however it is spelt, and all of them', () => {
    const spelt = [
      { type: 'in', term: 's', values: ['US'] },
      { type: 'eq', left: { type: 'literal', value: 'US' }, right: reference },
      { type: 'eq', term: 's', value: 'US' },
    ].map((expression) => testsIn(expression, schema));
    expect(new Set(spelt.flat()).size).toBe(1);
    expect(testsIn({ type: 'not', child: { type: 'gt', term: 'f', value: 5 } }, schema)).toHaveLength(1);
    expect(testsIn({ type: 'not-in', term: 's', values: ['a', 'b'] }, schema)).toHaveLength(2);
    expect(testsIn({ type: 'is-nan', term: 'f' }, schema)).toHaveLength(1);
  });
});

describe('values', () => {
  it.each<[Type, unknown, unknown]>([
    [type('long'), 9007199254740993n, 9007199254740993n],
    [type('date'), -3, '1969-12-29'],
    [type('timestamptz'), -1n, '1969-12-31T23:59:59.999999+00:00'],
    [type('timestamp_ns'), 1_000_000_001n, '1970-01-01T00:00:01.000000001'],
    [type('time'), 1n, '00:00:00.000001'],
    [{ kind: 'decimal', precision: 9, scale: 2 }, 1420n, '14.20'],
    [type('boolean'), true, true],
  ])('of %j have their JSON form', (of, value, form) => {
    expect(valueToJson(of, value as never)).toEqual(form);
    expect(valueFromJson(of, form)).toEqual(value);
  });

  it('as bounds are taken where they can mean one thing alone', () => {
    expect(boundFromJson(type('int'), '05000000')).toEqual(Buffer.from('05000000', 'hex'));
    expect([...(boundFromJson(type('int'), 5) ?? [])]).toEqual([5, 0, 0, 0]);
    expect(boundFromJson(type('string'), 'abcd')).toBeUndefined();
    expect(boundFromJson({ kind: 'decimal', precision: 9, scale: 0 }, '1420')).toBeUndefined();
  });
});
