/**
 * A row filter as SQL and as a filter that prunes. Its logic has two values (Iceberg expressions specification): a comparison with null or
 * NaN is false, and its negation true.
 */
import type { Filter, Literal } from '../expressions/index.js';
import type { Type } from '../iceberg/types.js';
import { declaredType, type TypedConstant, typedConstant } from './constants.js';
import type { FieldPlace } from './places.js';
import type { Comparison, Constant, Operand, Predicate, Reference } from './predicate.js';
import { pathSql } from './sql.js';
import { RuleViolation } from './violation.js';

export interface BoundRowFilter {
  /** True for the rows to keep, and false or null for all others. */
  condition: string;
  /** What all rows to keep satisfy; undefined where nothing can be said. */
  filter: Filter | undefined;
  /** Names of the columns that it reads. */
  columns: Set<string>;
}

/** Binds a row filter to the fields of a schema. What does not fit them: RuleViolation. */
export function bindRowFilter(
  predicate: Predicate,
  places: ReadonlyMap<number, FieldPlace>,
  formatVersion: number,
): BoundRowFilter {
  const binder = new RowFilterBinder(places, formatVersion);
  const { sql, filter } = binder.bind(predicate, false);
  return { condition: sql, filter, columns: binder.columns };
}

interface Bound {
  sql: string;
  filter: Filter | undefined;
}

/** A side of a comparison. */
interface Side {
  sql: string;
  type: Type;
  place?: FieldPlace;
  literal?: Literal;
}

const MIRRORED: Partial<Record<Comparison, Comparison>> = {
  lt: 'gt',
  'lt-eq': 'gt-eq',
  gt: 'lt',
  'gt-eq': 'lt-eq',
  eq: 'eq',
  'not-eq': 'not-eq',
};

class RowFilterBinder {
  readonly #places: ReadonlyMap<number, FieldPlace>;
  readonly #formatVersion: number;
  readonly columns = new Set<string>();

  constructor(places: ReadonlyMap<number, FieldPlace>, formatVersion: number) {
    this.#places = places;
    this.#formatVersion = formatVersion;
  }

  /** `negated`: the predicate that holds where the given one does not. */
  bind(predicate: Predicate, negated: boolean): Bound {
    switch (predicate.op) {
      case 'true':
      case 'false': {
        const holds = (predicate.op === 'true') !== negated;
        return { sql: String(holds), filter: { op: holds ? 'and' : 'or', operands: [] } };
      }
      case 'not':
        return this.bind(predicate.operand, !negated);
      case 'and':
      case 'or':
        return this.#junction(predicate, negated);
      case 'is-null':
      case 'not-null':
        return this.#nullTest(predicate.child, (predicate.op === 'is-null') !== negated);
      case 'is-nan':
      case 'not-nan':
        return this.#nanTest(predicate.child, (predicate.op === 'is-nan') !== negated);
      case 'in':
      case 'not-in':
        return this.#membership(predicate.child, predicate.values, (predicate.op === 'in') !== negated);
      case 'starts-with':
      case 'not-starts-with':
        return this.#prefix(predicate.left, predicate.right, (predicate.op === 'starts-with') !== negated);
      default:
        return this.#comparison(predicate.op, predicate.left, predicate.right, negated);
    }
  }

  #junction({ op, operands }: { op: 'and' | 'or'; operands: Predicate[] }, negated: boolean): Bound {
    const isAnd = (op === 'and') !== negated;
    const bound = operands.map((operand) => this.bind(operand, negated));
    const filters = bound.map(({ filter }) => filter);
    const known = filters.filter((filter) => filter !== undefined);
    const isUseful = isAnd ? known.length > 0 : known.length === filters.length;
    return {
      sql: `(${bound.map(({ sql }) => sql).join(isAnd ? ' AND ' : ' OR ')})`,
      filter: isUseful ? { op: isAnd ? 'and' : 'or', operands: known } : undefined,
    };
  }

  #nullTest(child: Reference, isNull: boolean): Bound {
    const side = this.#reference(child, () => true);
    const column = plainColumn(side);
    return {
      sql: `(${side.sql} IS ${isNull ? '' : 'NOT '}NULL)`,
      filter: column === undefined ? undefined : { op: isNull ? 'isNull' : 'notNull', column },
    };
  }

  #nanTest(child: Reference, isNan: boolean): Bound {
    const { sql } = this.#reference(child, isFloating);
    const test = `coalesce(isnan(${sql}), false)`;
    return { sql: isNan ? test : `(NOT ${test})`, filter: undefined };
  }

  #membership(child: Reference, values: readonly Constant[], isIn: boolean): Bound {
    const side = this.#reference(child, isComparable);
    const sides = values.map((value) => this.#constant(value, side.type));
    const lists = new Map<string, string[]>();
    for (const value of sides) {
      const [left, right] = this.#aligned(side, value);
      lists.set(left, [...(lists.get(left) ?? []), right]);
    }
    const tests = [...lists].map(([left, rights]) => `${left} IN (${rights.join(', ')})`);
    const test = tests.length === 0 ? 'false' : `coalesce(${tests.join(' OR ')}, false)`;
    const column = plainColumn(side);
    const isPlain = column !== undefined && sides.every(({ type }) => isSameType(type, side.type));
    const literals = sides.map(({ literal }) => literal as Literal);
    return {
      sql: isIn ? test : `(NOT ${test})`,
      filter: isPlain ? orNull({ op: 'in', column, values: literals }, column, side.type, !isIn) : undefined,
    };
  }

  #prefix(left: Operand, right: Operand, isPrefix: boolean): Bound {
    if (left.kind !== 'reference' || right.kind !== 'constant') {
      throw new RuleViolation('it asks for the beginning of something that is no column, or not by a constant');
    }
    const side = this.#reference(left, isString);
    const constant = this.#constant(right, side.type);
    if (!isString(constant.type)) throw new RuleViolation('it asks for a beginning that is no string');
    const test = `coalesce(starts_with(${side.sql}, ${constant.sql}), false)`;
    const column = plainColumn(side);
    const filter: Filter | undefined =
      column === undefined ? undefined : { op: 'startsWith', column, prefix: constant.literal?.text ?? '' };
    return {
      sql: isPrefix ? test : `(NOT ${test})`,
      filter: filter && column !== undefined ? orNull(filter, column, side.type, !isPrefix) : undefined,
    };
  }

  #comparison(op: Comparison, left: Operand, right: Operand, negated: boolean): Bound {
    const sides = this.#sides(left, right);
    const [a, b] = this.#aligned(...sides);
    const nanTests = sides.flatMap(({ type, place }, index) =>
      place && isFloating(type) ? [`NOT isnan(${index === 0 ? a : b})`] : [],
    );
    const ordered = (less: string, greater: string) =>
      `coalesce(${[`${less} < ${greater}`, ...nanTests].join(' AND ')}, false)`;
    // The engine drops rows of a column without values where IS DISTINCT FROM is one of several alternatives.
    const ofNulls = sides.every(({ place }) => place) ? `${a} IS NULL AND ${b} IS NULL` : 'false';
    const same = `coalesce(${a} = ${b}, ${ofNulls})`;
    const tests: Partial<Record<Comparison, string>> = {
      eq: same,
      'not-eq': `(NOT ${same})`,
      lt: ordered(a, b),
      gt: ordered(b, a),
      'lt-eq': `(${same} OR ${ordered(a, b)})`,
      'gt-eq': `(${same} OR ${ordered(b, a)})`,
    };
    const test = tests[op] as string;
    return { sql: negated ? `(NOT ${test})` : test, filter: comparisonFilter(op, sides, negated) };
  }

  #sides(left: Operand, right: Operand): [Side, Side] {
    if (left.kind === 'reference') {
      const side = this.#reference(left, isComparable);
      return [
        side,
        right.kind === 'reference' ? this.#reference(right, isComparable) : this.#constant(right, side.type),
      ];
    }
    if (right.kind !== 'reference') throw new RuleViolation('it compares constants with each other');
    const side = this.#reference(right, isComparable);
    return [this.#constant(left, side.type), side];
  }

  #reference({ id }: Reference, allows: (type: Type) => boolean): Side {
    const place = this.#places.get(id);
    if (!place) throw new RuleViolation(`field ${id} is not in the schema that the table is read with`);
    if (!place.path) throw new RuleViolation(`field ${id} (${place.name}) lies inside a list or a map`);
    if (!allows(place.type))
      throw new RuleViolation(`field ${id} (${place.name}) has a type that this can't be asked of`);
    this.columns.add(place.column.name);
    return { sql: pathSql(place.column.name, place.path), type: place.type, place };
  }

  #constant(constant: Constant, other: Type): Side {
    const { type, literal, sql }: TypedConstant = typedConstant(constant, declaredType(constant) ?? other);
    return { type, literal, sql };
  }

  /** Both sides in one type, by what the format promotes alone (Iceberg spec, "Schema Evolution"). */
  #aligned(left: Side, right: Side): [string, string] {
    if (isSameType(left.type, right.type)) return [left.sql, right.sql];
    const common = commonType(left, right, this.#formatVersion);
    if (common === undefined) throw new RuleViolation('it compares values of types that do not fit each other');
    return [promotedSql(left, common), promotedSql(right, common)];
  }
}

/** A value in a type that the format promotes its own to. Dates that no timestamp reaches are before all, or after all, that it does. */
function promotedSql({ sql, type }: Side, to: string): string {
  if (type.kind !== 'primitive' || type.type !== 'date') return `CAST(${sql} AS ${to})`;
  const beyond = `CASE WHEN ${sql} > DATE '1970-01-01' THEN 'infinity' WHEN ${sql} IS NOT NULL THEN '-infinity' END`;
  return `coalesce(TRY_CAST(${sql} AS ${to}), CAST(${beyond} AS ${to}))`;
}

function comparisonFilter(op: Comparison, [left, right]: [Side, Side], negated: boolean): Filter | undefined {
  const [side, other, oriented] = left.place ? [left, right, op] : [right, left, MIRRORED[op]];
  const column = plainColumn(side);
  const value = other.literal;
  if (column === undefined || !value || oriented === undefined || !isSameType(side.type, other.type)) return undefined;
  switch (oriented) {
    case 'eq':
      return orNull({ op: 'eq', column, value }, column, side.type, negated);
    case 'not-eq':
      return orNull({ op: 'eq', column, value }, column, side.type, !negated);
    case 'lt':
    case 'gt':
      return orNull({ op: oriented, column, value }, column, side.type, negated);
    case 'lt-eq':
      return orNull({ op: 'le', column, value }, column, side.type, negated);
    case 'gt-eq':
      return orNull({ op: 'ge', column, value }, column, side.type, negated);
    default:
      return undefined;
  }
}

/** The filter, or its negation, which keeps nulls. Of floating-point columns nothing is said then: NaN is kept, too, and is in no bound. */
function orNull(filter: Filter, column: string, type: Type, negated: boolean): Filter | undefined {
  if (!negated) return filter;
  if (isFloating(type)) return undefined;
  return {
    op: 'or',
    operands: [
      { op: 'isNull', column },
      { op: 'not', operand: filter },
    ],
  };
}

/** The name of a column that is no field of another. */
function plainColumn({ place }: Side): string | undefined {
  return place?.path?.length === 0 ? place.column.name : undefined;
}

function isFloating(type: Type): boolean {
  return type.kind === 'primitive' && (type.type === 'float' || type.type === 'double');
}

function isString(type: Type): boolean {
  return type.kind === 'primitive' && type.type === 'string';
}

function isComparable(type: Type): boolean {
  if (type.kind === 'primitive') return type.type !== 'variant' && type.type !== 'unknown';
  return type.kind === 'decimal' || type.kind === 'fixed';
}

function isSameType(left: Type, right: Type): boolean {
  if (left.kind === 'primitive' && right.kind === 'primitive') return left.type === right.type;
  if (left.kind === 'fixed' && right.kind === 'fixed') return left.length === right.length;
  return (
    left.kind === 'decimal' &&
    right.kind === 'decimal' &&
    left.precision === right.precision &&
    left.scale === right.scale
  );
}

function commonType(left: Side, right: Side, formatVersion: number): string | undefined {
  const { type: a } = left;
  const { type: b } = right;
  if (a.kind === 'decimal' && b.kind === 'decimal') return a.scale === b.scale ? `DECIMAL(38, ${a.scale})` : undefined;
  if (a.kind !== 'primitive' || b.kind !== 'primitive') return undefined;
  const names = new Set([a.type, b.type]);
  const are = (...types: string[]) => types.every((type) => names.has(type as never));
  if (are('int', 'long')) return 'BIGINT';
  if (are('float', 'double')) return 'DOUBLE';
  const constant = left.literal ? a : right.literal ? b : undefined;
  if (names.has('int') && constant && isFloating(constant)) return 'DOUBLE';
  if (formatVersion >= 3 && are('date', 'timestamp')) return 'TIMESTAMP';
  if (formatVersion >= 3 && are('date', 'timestamp_ns')) return 'TIMESTAMP_NS';
  return undefined;
}
