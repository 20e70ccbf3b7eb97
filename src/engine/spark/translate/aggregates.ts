/** Aggregate functions, over groups and windows. */
import { cast } from './casts.js';
import { powerOfTen } from './operators.js';
import { refuse } from './refusal.js';
import type { Typed } from './scope.js';
import {
  BIGINT,
  BOOLEAN,
  DOUBLE,
  decimal,
  digitsOf,
  HUGEINT,
  isExact,
  isInteger,
  isNumeric,
  MOST_DIGITS,
  type SqlType,
  showType,
  sparkType,
} from './types.js';

/** Writes one call of a function of Spark's: with DISTINCT, FILTER and OVER as the whole has them. */
export type Write = (name: string, argument: string) => string;

type Rule = (value: Typed, write: Write) => Typed;

const RULES: Record<string, Rule> = {
  count: ({ sql }, write) => ({ sql: write('count', sql), type: BIGINT }),
  min: (value, write) => extreme('min', value, write),
  max: (value, write) => extreme('max', value, write),
  sum,
  avg: average,
  bool_and: (value, write) => ({ sql: write('bool_and', cast(value, BOOLEAN).sql), type: BOOLEAN }),
  bool_or: (value, write) => ({ sql: write('bool_or', cast(value, BOOLEAN).sql), type: BOOLEAN }),
  stddev_samp: (value, write) => spread('stddev_samp', value, write),
  stddev_pop: (value, write) => spread('stddev_pop', value, write),
  var_samp: (value, write) => spread('var_samp', value, write),
  var_pop: (value, write) => spread('var_pop', value, write),
};

const OTHER_NAMES: Record<string, string> = {
  mean: 'avg',
  stddev: 'stddev_samp',
  variance: 'var_samp',
};

export function isAggregate(name: string): boolean {
  return name === 'count_star' || Object.hasOwn(RULES, OTHER_NAMES[name] ?? name);
}

/** `value`: undefined for COUNT(*). */
export function aggregate(name: string, value: Typed | undefined, write: Write): Typed {
  if (value === undefined) return { sql: write('count', '*'), type: BIGINT };
  return (RULES[OTHER_NAMES[name] ?? name] as Rule)(value, write);
}

function extreme(name: string, value: Typed, write: Write): Typed {
  sparkType(value.type);
  if (value.type.kind === 'null') refuse(`${name} of NULL is not translated`);
  return { sql: write(name, value.sql), type: value.type };
}

/** Of whole numbers and decimals exact, in 38 digits. */
function sum({ sql, type }: Typed, write: Write): Typed {
  if (type.kind === 'double') return { sql: write('sum', sql), type };
  const { total, scale } = exactSum(sql, type, write);
  const result: SqlType = isInteger(type) ? HUGEINT : decimal(MOST_DIGITS, scale);
  return { sql: `CAST(${total} AS ${sparkType(result)})`, type: result };
}

/** `digits`: that the total has there. */
function exactSum(sql: string, type: SqlType, write: Write): { total: string; scale: number; digits: number } {
  if (!isExact(type)) refuse(`a sum of ${showType(type)} is not translated`);
  if (type.kind === 'decimal' || type.kind === 'hugeint') {
    const { width, scale } = digitsOf(type);
    return { total: write('sum', sql), scale, digits: Math.min(width + 10, MOST_DIGITS) };
  }
  // A total of these does not fit in 64 bits.
  if (type.kind === 'bigint') return { total: write('sum', `CAST(${sql} AS DECIMAL(19,0))`), scale: 0, digits: 29 };
  return { total: write('sum', sql), scale: 0, digits: 19 };
}

/**
 * The engine divides the digits of the total by the number of values and the power of ten at once: dividing the total in another way gives another
 * last digit.
 */
function average({ sql, type }: Typed, write: Write): Typed {
  if (type.kind === 'double') return { sql: write('avg', sql), type };
  const { total, scale, digits } = exactSum(sql, type, write);
  const count = `CAST(nullif(${write('count', sql)}, 0L) AS DOUBLE)`;
  if (scale === 0 || digits + scale + 2 > MOST_DIGITS) {
    return { sql: `(CAST(${total} AS DOUBLE) / ${count})`, type: DOUBLE };
  }
  return { sql: `(CAST(${total} * ${powerOfTen(scale)} AS DOUBLE) / (${count} * 1e${scale}D))`, type: DOUBLE };
}

function spread(name: string, value: Typed, write: Write): Typed {
  if (!isNumeric(value.type)) refuse(`${name} of ${showType(value.type)} is not translated`);
  return { sql: write(name, cast(value, DOUBLE).sql), type: DOUBLE };
}
