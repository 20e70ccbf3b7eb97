/** Dates and times: parts of them, and intervals as they are written. */
import { cast } from './casts.js';
import { refuse } from './refusal.js';
import type { Typed } from './scope.js';
import { isNode, type SyntaxNode, type SyntaxValue, textOf } from './tree.js';
import { BIGINT, DATE, type SqlType, showType, sparkType, TIMESTAMP } from './types.js';

/** Parts of a date, and of a time, as Spark computes them; whole numbers in both. */
const DATE_PARTS: Record<string, (value: string) => string> = {
  year: (value) => `year(${value})`,
  quarter: (value) => `quarter(${value})`,
  month: (value) => `month(${value})`,
  day: (value) => `day(${value})`,
  week: (value) => `weekofyear(${value})`,
  dayofweek: (value) => `(dayofweek(${value}) - 1)`,
  isodow: (value) => `(weekday(${value}) + 1)`,
  dayofyear: (value) => `dayofyear(${value})`,
};
const TIME_PARTS: Record<string, (value: string) => string> = {
  hour: (value) => `hour(${value})`,
  minute: (value) => `minute(${value})`,
  second: (value) => `second(${value})`,
};

const OTHER_NAMES: Record<string, string> = {
  years: 'year',
  months: 'month',
  days: 'day',
  dayofmonth: 'day',
  weekofyear: 'week',
  dow: 'dayofweek',
  weekday: 'dayofweek',
  doy: 'dayofyear',
  hours: 'hour',
  minutes: 'minute',
  seconds: 'second',
};

/** Names of functions that give one part. */
export const PART_FUNCTIONS = [
  ...Object.keys(DATE_PARTS),
  ...Object.keys(TIME_PARTS),
  'dayofmonth',
  'weekofyear',
  'weekday',
];

export function datePart(name: string, value: Typed): Typed {
  const part = OTHER_NAMES[name.toLowerCase()] ?? name.toLowerCase();
  const isTime = value.type.kind === 'timestamp' || value.type.kind === 'timestamptz';
  if (!isTime && value.type.kind !== 'date') refuse(`${name} of ${showType(value.type)} is not translated`);
  const sql = (DATE_PARTS[part] ?? (isTime ? TIME_PARTS[part] : undefined))?.(value.sql);
  if (sql === undefined) refuse(`the part ${name} of ${showType(value.type)} is not translated`);
  return { sql: `CAST(${sql} AS BIGINT)`, type: BIGINT };
}

const TRUNCATED = new Set(['year', 'quarter', 'month', 'week', 'day']);

/** The beginning of the year, quarter, month, week (from Monday) or day, as a timestamp. */
export function dateTrunc(name: string, value: Typed): Typed {
  const part = OTHER_NAMES[name.toLowerCase()] ?? name.toLowerCase();
  const { kind } = value.type;
  if (!TRUNCATED.has(part)) refuse(`date_trunc to the ${name} is not translated`);
  if (kind === 'date') {
    const sql = part === 'day' ? value.sql : `trunc(${value.sql}, '${part.toUpperCase()}')`;
    return cast({ sql, type: DATE }, TIMESTAMP);
  }
  if (kind !== 'timestamp' && kind !== 'timestamptz') refuse(`date_trunc of ${showType(value.type)} is not translated`);
  const sql = `date_trunc('${part.toUpperCase()}', ${cast(value, { kind: 'timestamptz' }).sql})`;
  return cast({ sql, type: { kind: 'timestamptz' } }, value.type);
}

/** A length of time as it was written. */
export interface Interval {
  unit: 'MONTH' | 'DAY' | 'SECOND';
  count: bigint;
}

const UNITS: Record<string, [unit: Interval['unit'], count: bigint]> = {
  year: ['MONTH', 12n],
  quarter: ['MONTH', 3n],
  month: ['MONTH', 1n],
  week: ['DAY', 7n],
  day: ['DAY', 1n],
  hour: ['SECOND', 3600n],
  minute: ['SECOND', 60n],
  second: ['SECOND', 1n],
};

/** The interval that a node stands for; undefined for a node that is none. */
export function intervalOf(node: SyntaxNode): Interval | undefined {
  if (node.class === 'CAST' && isNode(node.cast_type) && node.cast_type.id === 'INTERVAL') {
    const [, count, unit] = /^\s*(-?\d+)\s+([a-z]+?)s?\s*$/i.exec(wrapped(node.child)) ?? [];
    return unit === undefined
      ? refuse('an interval of several units is not translated')
      : interval(unit, BigInt(count ?? 0));
  }
  if (node.class !== 'FUNCTION') return undefined;
  const [, unit] = /^to_([a-z]+?)s?$/.exec(textOf(node.function_name)) ?? [];
  if (unit === undefined || !Object.hasOwn(UNITS, unit) || !Array.isArray(node.children)) return undefined;
  const count = wrapped(node.children[0]);
  return /^-?\d+$/.test(count)
    ? interval(unit, BigInt(count))
    : refuse('an interval that is computed is not translated');
}

function interval(name: string, count: bigint): Interval {
  const [unit, factor] = UNITS[name.toLowerCase()] ?? refuse(`an interval in ${name} is not translated`);
  return { unit, count: count * factor };
}

/** The constant below the casts that the parser puts around the number of an interval. */
function wrapped(value: SyntaxValue | undefined): string {
  if (!isNode(value)) return '';
  if (value.class === 'CAST') return wrapped(value.child);
  if (value.class === 'FUNCTION' && value.function_name === 'trunc' && Array.isArray(value.children)) {
    return wrapped(value.children[0]);
  }
  if (value.class !== 'CONSTANT' || !isNode(value.value)) return '';
  return String(value.value.value);
}

/** Always a timestamp, also of a date. */
export function shifted(value: Typed, { unit, count }: Interval, sign: '+' | '-'): Typed {
  const type: SqlType = value.type.kind === 'timestamptz' ? value.type : TIMESTAMP;
  if (value.text !== undefined) refuse('an interval beside a text without a type is not translated');
  return { sql: `CAST(${cast(value, type).sql} ${sign} INTERVAL '${count}' ${unit} AS ${sparkType(type)})`, type };
}
