/** CAST, explicit and implied, where both engines give the same value. */
import { dateOf, integerSql, timestampOf } from './literals.js';
import { refuse } from './refusal.js';
import type { Typed } from './scope.js';
import { digitsOf, isExact, isInteger, isNumeric, isSameType, type SqlType, showType, sparkType } from './types.js';

/** A value in another type, as DuckDB casts it. */
export function cast(value: Typed, to: SqlType): Typed {
  const { type: from, sql } = value;
  if (isSameType(from, to)) return value;
  const plain: Typed = { sql: `CAST(${sql} AS ${sparkType(to)})`, type: to };
  if (from.kind === 'null') return plain;
  if (value.integer !== undefined && isInteger(to)) return integerSql(value.integer, to);
  switch (to.kind) {
    case 'date':
      if (value.text !== undefined) return dateOf(value.text);
      if (from.kind === 'timestamp' || from.kind === 'timestamptz') return plain;
      break;
    case 'timestamp':
      if (value.text !== undefined) return timestampOf(value.text);
      if (from.kind === 'date' || from.kind === 'timestamptz') return plain;
      break;
    case 'timestamptz':
      if (from.kind === 'date' || from.kind === 'timestamp') return plain;
      break;
    case 'varchar':
      if (isExact(from) || from.kind === 'boolean') return plain;
      break;
    case 'double':
      if (isNumeric(from)) return plain;
      break;
    case 'decimal':
      if (isExact(from)) return plain;
      break;
    default:
      if (!isInteger(to)) break;
      if (isInteger(from) || from.kind === 'boolean') return plain;
      // Both round half away from zero; a plain cast there would cut the digits off.
      if (from.kind === 'decimal') return { sql: `CAST(round(${sql}, 0) AS ${sparkType(to)})`, type: to };
      if (from.kind === 'double') return { sql: `CAST(rint(${sql}) AS ${sparkType(to)})`, type: to };
  }
  return refuse(`CAST from ${showType(from)} to ${showType(to)} is not the same there`);
}

/** A cast that is implied where values meet: nothing but widening, and texts that were written for dates and times. */
export function widened(value: Typed, to: SqlType): Typed {
  const { type: from } = value;
  const isDate = to.kind === 'date' || to.kind === 'timestamp';
  if (from.kind === 'varchar' && !(value.text !== undefined && isDate) && to.kind !== 'varchar') {
    refuse(`a text is compared or combined with ${showType(to)}`);
  }
  return cast(value, to);
}

/** A whole number as it was written has the type of the number that it meets, if it fits. */
export function meeting(values: readonly Typed[]): Typed[] {
  const others = values.filter(({ integer, type }) => integer === undefined && type.kind !== 'null');
  const dates = others.filter(
    ({ type, text }) => text === undefined && (type.kind === 'date' || type.kind === 'timestamp'),
  );
  return values.map((value) => {
    if (value.text !== undefined && dates[0]) return widened(value, dates[0].type);
    if (value.integer === undefined || others.length === 0) return value;
    const widest = others.every(({ type }) => isInteger(type))
      ? others.find(({ type }) => fits(value.integer as bigint, type))
      : undefined;
    return widest ? cast(value, widest.type) : value;
  });
}

function fits(value: bigint, { kind }: SqlType): boolean {
  const bits = { tinyint: 7n, smallint: 15n, integer: 31n, bigint: 63n, hugeint: 127n }[kind as 'tinyint'];
  return bits !== undefined && value >= -(2n ** bits) && value < 2n ** bits;
}

/** As a decimal that holds whatever the type does. */
export function asDecimal(value: Typed): Typed {
  const { width, scale } = digitsOf(value.type);
  return cast(value, { kind: 'decimal', width, scale });
}
