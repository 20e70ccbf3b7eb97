/**
 * Filters as expressions of the Iceberg REST specification, as a server prunes by them. Its logic has two values: a comparison with null or NaN
 * is false, and its negation true. Terms and values are written as every version of the specification reads them.
 */
import type { Filter, Literal } from '../../expressions/index.js';
import { bindFilter, type ColumnTest, type Predicate } from '../plan/predicate.js';
import { findField } from '../schema.js';
import type { NestedField, Schema } from '../types.js';
import type { Value } from '../values/single-value.js';
import { valueToLiteral } from '../values/text-value.js';
import { valueFromJson, valueToJson } from './value.js';

const COMPARISONS = { eq: 'eq', ne: 'not-eq', lt: 'lt', le: 'lt-eq', gt: 'gt', ge: 'gt-eq' } as const;

/**
 * What every wanted row satisfies; undefined where that can't be said. `names` are those of the columns by field id, as the server knows
 * them; what is asked of others is left out, and what servers and the engine may understand differently.
 */
export function filterToJson(
  filter: Filter | undefined,
  schema: Schema,
  names: ReadonlyMap<number, string>,
): unknown | undefined {
  const json = predicateToJson(bindFilter(filter, schema), names);
  return json === true ? undefined : json;
}

function predicateToJson(predicate: Predicate, names: ReadonlyMap<number, string>): unknown {
  switch (predicate.op) {
    case 'always':
      return true;
    case 'never':
      return false;
    case 'and': {
      const operands = predicate.operands.map((operand) => predicateToJson(operand, names));
      return (
        junction(
          'and',
          operands.filter((operand) => operand !== true),
        ) ?? true
      );
    }
    case 'or': {
      const operands = predicate.operands.map((operand) => predicateToJson(operand, names));
      return operands.includes(true) ? true : (junction('or', operands) ?? false);
    }
    default:
      return testToJson(predicate, names.get(predicate.fieldId));
  }
}

function junction(type: 'and' | 'or', operands: readonly unknown[]): unknown {
  return operands.length === 0 ? undefined : operands.reduce((left, right) => ({ type, left, right }));
}

/** `true`, which prunes nothing, where the test can't be told. */
function testToJson(test: ColumnTest, term: string | undefined): unknown {
  if (term === undefined) return true;
  const { type } = test;
  switch (test.op) {
    case 'isNull':
      return { type: 'is-null', term };
    case 'notNull':
      return { type: 'not-null', term };
    case 'startsWith':
      return { type: 'starts-with', term, value: test.prefix };
    case 'in': {
      const values = test.values.map((value) => (isTold(type, value) ? valueToJson(type, value) : undefined));
      return values.includes(undefined) ? true : { type: 'in', term, values };
    }
    default: {
      const value = isTold(type, test.value) ? valueToJson(type, test.value) : undefined;
      if (value === undefined) return true;
      const json = { type: COMPARISONS[test.op], term, value };
      // For the engine NaN is greater than any number.
      const mayBeNan = isFloating(type) && (test.op === 'gt' || test.op === 'ge');
      return mayBeNan ? { type: 'or', left: json, right: { type: 'is-nan', term } } : json;
    }
  }
}

/** Servers order UUIDs and the two zeros in ways of their own. */
function isTold(type: ColumnTest['type'], value: Value): boolean {
  if (isFloating(type)) return value !== 0;
  return !(type.kind === 'primitive' && type.type === 'uuid');
}

function isFloating(type: ColumnTest['type']): boolean {
  return type.kind === 'primitive' && (type.type === 'float' || type.type === 'double');
}

/** What an expression can't be read as: another predicate, a column that is not there, a value of another type. */
export class UnreadableExpression extends Error {}

/** A filter that lets through whatever the expression does; undefined where that is everything. Names are the schema's. */
export function filterFromJson(json: unknown, schema: Schema): Filter | undefined {
  return new ExpressionReader(schema).read(json, false);
}

/** The tests in an expression, each in one spelling; the values of a set are tests of their own. */
export function testsIn(json: unknown, schema: Schema): string[] {
  return new ExpressionReader(schema).tests(json);
}

type Json = Record<string, unknown>;

const NEGATED = { eq: 'ne', ne: 'eq', lt: 'ge', ge: 'lt', gt: 'le', le: 'gt' } as const;
const OPERATORS = { eq: 'eq', 'not-eq': 'ne', lt: 'lt', 'lt-eq': 'le', gt: 'gt', 'gt-eq': 'ge' } as const;
const MIRRORED = { eq: 'eq', ne: 'ne', lt: 'gt', gt: 'lt', le: 'ge', ge: 'le' } as const;

const NOTHING: Filter = { op: 'or', operands: [] };

class ExpressionReader {
  readonly #schema: Schema;

  constructor(schema: Schema) {
    this.#schema = schema;
  }

  read(json: unknown, isNegated: boolean): Filter | undefined {
    if (typeof json === 'boolean') return json === isNegated ? NOTHING : undefined;
    const expression = asObject(json);
    switch (expression.type) {
      case 'true':
      case 'false':
        return this.read(expression.type === 'true', isNegated);
      case 'not':
        return this.read(expression.child, !isNegated);
      case 'and':
      case 'or': {
        const operands = [this.read(expression.left, isNegated), this.read(expression.right, isNegated)];
        return (expression.type === 'and') !== isNegated ? conjunction(operands) : disjunction(operands);
      }
      case 'is-null':
      case 'not-null': {
        const column = this.#column(expression.child ?? expression.term).name;
        return { op: (expression.type === 'is-null') !== isNegated ? 'isNull' : 'notNull', column };
      }
      case 'is-nan':
      case 'not-nan':
        this.#column(expression.child ?? expression.term);
        return undefined;
      case 'in':
      case 'not-in':
        return this.#set(expression, (expression.type === 'in') !== isNegated);
      case 'starts-with':
      case 'not-starts-with':
        return this.#prefix(expression, (expression.type === 'starts-with') !== isNegated);
      default:
        return this.#comparison(expression, isNegated);
    }
  }

  tests(json: unknown, prefix = ''): string[] {
    if (typeof json === 'boolean') return [];
    const expression = asObject(json);
    const { type } = expression;
    const test = (...parts: unknown[]) => JSON.stringify([prefix, ...parts]);
    switch (type) {
      case 'true':
      case 'false':
        return [];
      case 'not':
        return this.tests(expression.child, `${prefix}not `);
      case 'and':
      case 'or':
        return [...this.tests(expression.left, prefix), ...this.tests(expression.right, prefix)];
      case 'is-null':
      case 'not-null':
      case 'is-nan':
      case 'not-nan':
        return [test(type, this.#column(expression.child ?? expression.term).id)];
      case 'in':
      case 'not-in': {
        const field = this.#column(expression.child ?? expression.term);
        const op = type === 'in' ? 'eq' : 'ne';
        return itemsOf(expression).map((item) => test(op, field.id, this.#literal(field.type, item).text));
      }
      case 'starts-with':
      case 'not-starts-with': {
        const [left, right] = sidesOf(expression);
        return [test(type, this.#column(left).id, literalOf(right))];
      }
      default: {
        const { op, field, value } = this.#operands(expression);
        return [test(op, field.id, value.text)];
      }
    }
  }

  /** The column first. */
  #operands(expression: Json): { op: keyof typeof NEGATED; field: NestedField; value: Literal } {
    const op = OPERATORS[String(expression.type) as keyof typeof OPERATORS];
    if (op === undefined) throw new UnreadableExpression(`There is no predicate ${String(expression.type)}`);
    const [left, right] = sidesOf(expression);
    const isTurned = !isReference(left) && isReference(right);
    const field = this.#column(isTurned ? right : left);
    const value = this.#literal(field.type, isTurned ? left : right);
    return { op: isTurned ? MIRRORED[op] : op, field, value };
  }

  #comparison(expression: Json, isNegated: boolean): Filter | undefined {
    const { op: own, field, value } = this.#operands(expression);
    const { name: column, type } = field;
    // Whether NaN passes a negated comparison, a filter can't say.
    if (isNegated && isFloating(type)) return undefined;
    const actual = isNegated ? NEGATED[own] : own;
    const test: Filter = { op: actual, column, value };
    const passesNull = isNegated ? own !== 'ne' : own === 'ne';
    return passesNull ? disjunction([test, { op: 'isNull', column }]) : test;
  }

  #set(expression: Json, isIn: boolean): Filter | undefined {
    const { name: column, type } = this.#column(expression.child ?? expression.term);
    const values = itemsOf(expression).map((item) => this.#literal(type, item));
    return isIn ? { op: 'in', column, values } : undefined;
  }

  #prefix(expression: Json, starts: boolean): Filter | undefined {
    const [left, right] = sidesOf(expression);
    const { name: column } = this.#column(left);
    const value = literalOf(right);
    if (typeof value !== 'string') throw new UnreadableExpression('A prefix is no text');
    return starts ? { op: 'startsWith', column, prefix: value } : undefined;
  }

  #column(json: unknown): NestedField {
    const name = typeof json === 'string' ? json : asObject(json).name;
    const field = typeof name === 'string' ? findField(this.#schema.fields, name) : undefined;
    if (!field) throw new UnreadableExpression(`There is no column ${String(name)}`);
    return field;
  }

  #literal(type: NestedField['type'], json: unknown): Literal {
    const value = valueFromJson(type, literalOf(json));
    const literal = value === undefined ? undefined : valueToLiteral(type, value);
    if (!literal) throw new UnreadableExpression('A constant does not fit its column');
    return literal;
  }
}

function asObject(json: unknown): Json {
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as Json;
  throw new UnreadableExpression('An expression is no object');
}

function sidesOf(expression: Json): [unknown, unknown] {
  return 'term' in expression ? [expression.term, expression.value] : [expression.left, expression.right];
}

function itemsOf({ values }: Json): unknown[] {
  const items = Array.isArray(values) ? values : asObject(values).values;
  if (!Array.isArray(items)) throw new UnreadableExpression('A set of values is no list');
  return items;
}

function isReference(json: unknown): boolean {
  return typeof json === 'object' && json !== null && (json as Json).type === 'reference';
}

function literalOf(json: unknown): unknown {
  const isTyped = typeof json === 'object' && json !== null && (json as Json).type === 'literal';
  return isTyped ? (json as Json).value : json;
}

function conjunction(operands: readonly (Filter | undefined)[]): Filter | undefined {
  const known = operands.filter((operand) => operand !== undefined);
  return known.length > 1 ? { op: 'and', operands: known } : known[0];
}

function disjunction(operands: readonly (Filter | undefined)[]): Filter | undefined {
  const known = operands.filter((operand) => operand !== undefined);
  return known.length < operands.length ? undefined : { op: 'or', operands: known };
}
