/** Filters bound to a table's columns: negations pushed down, literals as values of the column's Iceberg type. Plain data, fit to be sent to a worker. */
import type { Filter, Literal } from '../../expressions/index.js';
import { findField } from '../schema.js';
import type { Schema, Type } from '../types.js';
import { compareValues, type Value } from '../values/single-value.js';
import { parseValueDown } from '../values/text-value.js';

export type Predicate = { op: 'always' | 'never' } | { op: 'and' | 'or'; operands: Predicate[] } | ColumnTest;

export type ColumnTest = { fieldId: number; type: Type } & Test;

/** What is asked of one value. `null` never passes a comparison. */
export type Test =
  | { op: 'isNull' | 'notNull' }
  | { op: 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge'; value: Value }
  /** `values` are in order. */
  | { op: 'in'; values: Value[] }
  | { op: 'startsWith'; prefix: string };

export const always: Predicate = { op: 'always' };
export const never: Predicate = { op: 'never' };

type Comparison = 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge';

const negated: Record<Comparison, Comparison> = { eq: 'ne', ne: 'eq', lt: 'ge', ge: 'lt', gt: 'le', le: 'gt' };

/** What can't be bound (an unknown column, a literal that does not fit) becomes `unbound`: `always` prunes nothing. */
export function bindFilter(filter: Filter | undefined, schema: Schema, unbound: Predicate = always): Predicate {
  return filter ? bind(filter, schema, false, unbound) : always;
}

function bind(filter: Filter, schema: Schema, isNegated: boolean, unbound: Predicate): Predicate {
  switch (filter.op) {
    case 'not':
      return bind(filter.operand, schema, !isNegated, unbound);
    case 'and':
    case 'or': {
      const op = (filter.op === 'and') !== isNegated ? 'and' : 'or';
      return combine(
        op,
        filter.operands.map((operand) => bind(operand, schema, isNegated, unbound)),
      );
    }
  }
  const field = findField(schema.fields, filter.column);
  if (!field) return unbound;
  const { id: fieldId, type } = field;
  switch (filter.op) {
    case 'isNull':
    case 'notNull': {
      const op = (filter.op === 'isNull') !== isNegated ? 'isNull' : 'notNull';
      return { op, fieldId, type };
    }
    case 'startsWith':
      if (isNegated || type.kind !== 'primitive' || type.type !== 'string') return unbound;
      return { op: 'startsWith', fieldId, type, prefix: filter.prefix };
    case 'in':
      return combine(
        isNegated ? 'and' : 'or',
        filter.values.map((value) => compare(fieldId, type, isNegated ? 'ne' : 'eq', value, unbound)),
      );
    default:
      return compare(fieldId, type, isNegated ? negated[filter.op] : filter.op, filter.value, unbound);
  }
}

/** `and` and `or` with what is certain taken out; equalities on one column become one IN. */
export function combine(op: 'and' | 'or', operands: readonly Predicate[]): Predicate {
  const decisive = op === 'and' ? 'never' : 'always';
  const neutral = op === 'and' ? 'always' : 'never';
  if (operands.some((operand) => operand.op === decisive)) return { op: decisive };
  const rest = operands.filter((operand) => operand.op !== neutral);
  const [first] = rest;
  if (!first) return { op: neutral };
  if (rest.length === 1) return first;
  if (op === 'or' && first.op === 'eq') {
    const { fieldId, type } = first;
    const values = rest.flatMap((operand) =>
      operand.op === 'eq' && operand.fieldId === fieldId ? [operand.value] : [],
    );
    if (values.length === rest.length) return { op: 'in', fieldId, type, values: values.sort(compareValues) };
  }
  return { op, operands: rest };
}

function compare(fieldId: number, type: Type, op: Comparison, literal: Literal, unbound: Predicate): Predicate {
  const parsed = parseValueDown(type, literal.text);
  // The engine rounds a text that it casts; what would be rounded is not compared here.
  if (!parsed || !fits(type, literal) || (literal.type === 'string' && !parsed.isExact)) return unbound;
  const { value, isExact } = parsed;
  if (type.kind === 'primitive' && type.type === 'float') return compareFloat(fieldId, type, op, value as number);
  if (isExact) return { op, fieldId, type, value };
  // The literal lies between `value` and the next one: `x < 3.5` is `x <= 3`.
  switch (op) {
    case 'eq':
      return never;
    case 'ne':
      return { op: 'notNull', fieldId, type };
    case 'lt':
    case 'le':
      return { op: 'le', fieldId, type, value };
    case 'gt':
    case 'ge':
      return { op: 'gt', fieldId, type, value };
  }
}

/** The engine may compare at the width of the column or of the literal: take the bound that lets more through. */
function compareFloat(fieldId: number, type: Type, op: Comparison, value: number): Predicate {
  const narrow = Math.fround(value);
  const low = Math.min(value, narrow);
  const high = Math.max(value, narrow);
  if (Object.is(low, high) || Number.isNaN(value)) return { op, fieldId, type, value };
  const atLeast: Predicate = { op: 'ge', fieldId, type, value: low };
  const atMost: Predicate = { op: 'le', fieldId, type, value: high };
  if (op === 'eq') return { op: 'and', operands: [atLeast, atMost] };
  if (op === 'ne') return { op: 'notNull', fieldId, type };
  return op === 'lt' || op === 'le' ? atMost : atLeast;
}

/** Whether comparing the literal with the column means comparing values of the column's type. */
function fits(type: Type, literal: Literal): boolean {
  const numeric = literal.type === 'integer' || literal.type === 'decimal' || literal.type === 'float';
  if (type.kind === 'decimal') return ['integer', 'decimal', 'string'].includes(literal.type);
  if (type.kind === 'fixed') return literal.type === 'binary';
  if (type.kind !== 'primitive') return false;
  switch (type.type) {
    case 'long':
      // The engine compares both as doubles, which hold integers up to 2^53.
      if (literal.type === 'float') return Math.abs(Number(literal.text)) < Number.MAX_SAFE_INTEGER;
      return numeric || literal.type === 'string';
    case 'int':
    case 'float':
    case 'double':
      return numeric || literal.type === 'string';
    case 'date':
    case 'timestamp':
    case 'timestamp_ns':
      return ['date', 'timestamp'].includes(literal.type) || (literal.type === 'string' && !hasZone(literal.text));
    case 'timestamptz':
    case 'timestamptz_ns':
      // A literal without zone means the session's zone, which is not known here.
      return literal.type === 'timestamptz' || hasZone(literal.text);
    case 'uuid':
      return literal.type === 'uuid' || literal.type === 'string';
    case 'binary':
      return literal.type === 'binary';
    default:
      return literal.type === type.type || (type.type !== 'string' && literal.type === 'string');
  }
}

function hasZone(text: string): boolean {
  return /(?:Z|UTC|[+-]\d{2}(?::?\d{2})?)$/i.test(text.slice(10));
}

/** The columns that a predicate tests. */
export function fieldIdsOf(predicate: Predicate): Set<number> {
  if ('operands' in predicate) return new Set(predicate.operands.flatMap((operand) => [...fieldIdsOf(operand)]));
  return 'fieldId' in predicate ? new Set([predicate.fieldId]) : new Set();
}
