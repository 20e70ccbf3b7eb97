/** Partition transforms as SQL of the engine, for splitting rows while they are written. */
import { decimalText } from '../../../decimal-text.js';
import { parseTransform } from '../../../iceberg/index.js';
import type { Type } from '../../../iceberg/types.js';
import { bucketExpression, microseconds } from './bucket-expression.js';

/**
 * An expression in DuckDB's dialect that gives a column's partition value: for year, month, day and hour the integer since 1970, and for times in
 * nanoseconds their number, for bytes lower-case hex. Undefined for unknown transforms and for types that a transform does not take.
 */
export function partitionExpression(transform: string, columnSql: string, type: Type): string | undefined {
  const parsed = parseTransform(transform);
  switch (parsed.kind) {
    case 'identity':
      if (isNanoseconds(type)) return `epoch_ns(${columnSql})`;
      return isBytes(type) ? `lower(hex(${columnSql}))` : columnSql;
    case 'void':
      return 'CAST(NULL AS INTEGER)';
    case 'bucket':
      return bucketExpression(columnSql, type, parsed.parameter);
    case 'truncate':
      return truncateExpression(columnSql, type, parsed.parameter);
    case 'year':
      return `(year(${utc(columnSql, type)}) - 1970)`;
    case 'month':
      return `((year(${utc(columnSql, type)}) - 1970) * 12 + month(${utc(columnSql, type)}) - 1)`;
    case 'day':
      return `date_diff('day', DATE '1970-01-01', CAST(${utc(columnSql, type)} AS DATE))`;
    case 'hour':
      return `date_diff('hour', TIMESTAMP '1970-01-01 00:00:00', CAST(${utc(columnSql, type)} AS TIMESTAMP))`;
    default:
      return undefined;
  }
}

function isBytes(type: Type): boolean {
  return type.kind === 'fixed' || (type.kind === 'primitive' && type.type === 'binary');
}

function isNanoseconds(type: Type): boolean {
  return type.kind === 'primitive' && type.type.endsWith('_ns');
}

function truncateExpression(columnSql: string, type: Type, width: number): string | undefined {
  if (type.kind === 'decimal') {
    const step = `CAST('${decimalText(BigInt(width), type.scale)}' AS DECIMAL(38, ${type.scale}))`;
    return `(${columnSql} - ((${columnSql} % ${step}) + ${step}) % ${step})`;
  }
  if (type.kind !== 'primitive') return undefined;
  switch (type.type) {
    case 'int':
    case 'long': {
      const wide = `CAST(${columnSql} AS HUGEINT)`;
      const multiple = `(${wide} - ((${wide} % ${width}) + ${width}) % ${width})`;
      const bits = type.type === 'int' ? 32n : 64n;
      // What is too small for the type wraps around, as in `applyTransform`.
      return `CASE WHEN ${multiple} < ${-(1n << (bits - 1n))} THEN ${multiple} + ${1n << bits} ELSE ${multiple} END`;
    }
    case 'string':
      return `left(${columnSql}, ${width})`;
    case 'binary':
      return `lower(hex(array_slice(${columnSql}, 1, ${width})))`;
    default:
      return undefined;
  }
}

/**
 * A time with zone as the wall clock in UTC, whatever the zone of the session; one in nanoseconds is such a clock where rows are written. Nanoseconds are cut to microseconds; the engine's own cast
 * would round them, and the last moment of a day is not of the next one.
 */
function utc(columnSql: string, type: Type): string {
  const name = type.kind === 'primitive' ? type.type : '';
  if (isNanoseconds(type)) return `make_timestamp(${microseconds(`epoch_ns(${columnSql})`)})`;
  return name.startsWith('timestamptz') ? `(${columnSql} AT TIME ZONE 'UTC')` : columnSql;
}
