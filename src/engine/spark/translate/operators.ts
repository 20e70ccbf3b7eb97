/** Operators on numbers and dates. */
import { asDecimal, cast, meeting, widened } from './casts.js';
import { decimalSql, integerSql, textSql } from './literals.js';
import { refuse } from './refusal.js';
import type { Typed } from './scope.js';
import {
  BIGINT,
  BOOLEAN,
  commonType,
  DATE,
  DOUBLE,
  decimal,
  digitsOf,
  isExact,
  isInteger,
  isNumeric,
  MOST_DIGITS,
  type SqlType,
  showType,
  sparkType,
  VARCHAR,
} from './types.js';

/** Digits that the engine computes with in 64 bits: it checks for overflow rather than to go beyond them. */
const DIGITS_OF_64_BITS = 18;

export type Operator = (left: Typed, right: Typed) => Typed;

export const BINARY: Record<string, Operator> = {
  '+': plus,
  '-': minus,
  '*': times,
  '/': divided,
  '//': (left, right) => whole('div', left, right),
  '%': (left, right) => whole('%', left, right),
  '||': (left, right) => ({ sql: `(${text(left)} || ${text(right)})`, type: VARCHAR }),
  '~~': (left, right) => like(left, right, 'LIKE'),
  '!~~': (left, right) => like(left, right, 'NOT LIKE'),
};

function plus(left: Typed, right: Typed): Typed {
  if (left.type.kind === 'date' && isDays(right)) return { sql: `date_add(${left.sql}, ${right.sql})`, type: DATE };
  if (right.type.kind === 'date' && isDays(left)) return { sql: `date_add(${right.sql}, ${left.sql})`, type: DATE };
  return arithmetic('+', left, right, sumType);
}

function minus(left: Typed, right: Typed): Typed {
  if (left.type.kind === 'date' && right.type.kind === 'date') {
    return { sql: `CAST(datediff(${left.sql}, ${right.sql}) AS BIGINT)`, type: BIGINT };
  }
  if (left.type.kind === 'date' && isDays(right)) return { sql: `date_sub(${left.sql}, ${right.sql})`, type: DATE };
  return arithmetic('-', left, right, sumType);
}

function isDays({ type }: Typed): boolean {
  return type.kind === 'integer' || type.kind === 'smallint' || type.kind === 'tinyint';
}

function times(left: Typed, right: Typed): Typed {
  return arithmetic('*', left, right, productType);
}

function arithmetic(
  operator: string,
  left: Typed,
  right: Typed,
  typeOf: (left: SqlType, right: SqlType) => SqlType,
): Typed {
  const [a, b] = meeting([left, right]) as [Typed, Typed];
  const common = numbers(a, b);
  if (common.kind !== 'decimal') {
    return { sql: `(${cast(a, common).sql} ${operator} ${cast(b, common).sql})`, type: common };
  }
  const [x, y] = [asDecimal(a), asDecimal(b)];
  const type = typeOf(x.type, y.type);
  return { sql: `CAST(${x.sql} ${operator} ${y.sql} AS ${sparkType(type)})`, type };
}

/** The type in which two numbers are computed with. */
function numbers({ type: left }: Typed, { type: right }: Typed): SqlType {
  if (left.kind === 'null' || right.kind === 'null') return commonType(left, right);
  if (!isNumeric(left) || !isNumeric(right)) {
    refuse(`an operator between ${showType(left)} and ${showType(right)} is not translated`);
  }
  if (isExact(left) && isExact(right) && !(isInteger(left) && isInteger(right))) return decimal(1, 0);
  return commonType(left, right);
}

function sumType(left: SqlType, right: SqlType): SqlType {
  const [a, b] = [digitsOf(left), digitsOf(right)];
  const scale = Math.max(a.scale, b.scale);
  const widest = Math.max(a.width, b.width);
  const width = Math.max(scale + Math.max(a.width - a.scale, b.width - b.scale), widest) + 1;
  return decimal(bounded(width, widest), scale);
}

function productType(left: SqlType, right: SqlType): SqlType {
  const [a, b] = [digitsOf(left), digitsOf(right)];
  const scale = a.scale + b.scale;
  if (scale > MOST_DIGITS) refuse('a product has more digits behind its point than there is room for');
  const widest = Math.max(a.width, b.width);
  return decimal(bounded(a.width + b.width, scale < DIGITS_OF_64_BITS ? widest : MOST_DIGITS), scale);
}

function bounded(width: number, widest: number): number {
  if (width > DIGITS_OF_64_BITS && widest <= DIGITS_OF_64_BITS) return DIGITS_OF_64_BITS;
  return Math.min(width, MOST_DIGITS);
}

/** Always of floating-point numbers. Zero divides into infinity, which there is an error. */
function divided(left: Typed, right: Typed): Typed {
  for (const { type } of [left, right]) {
    if (type.kind === 'float' || !(isNumeric(type) || type.kind === 'null')) {
      refuse(`a division of ${showType(type)} is not translated`);
    }
  }
  const [a, b] = [cast(left, DOUBLE).sql, cast(right, DOUBLE).sql];
  const isPlain = right.integer !== undefined && right.integer !== 0n;
  if (isPlain || /^CAST\('-?[\d.]*[1-9][\d.]*' AS DECIMAL\(\d+,\d+\)\)$/.test(right.sql)) {
    return { sql: `(${a} / ${b})`, type: DOUBLE };
  }
  return { sql: `if(${b} = 0D, ${a} * power(${b}, -1D), ${a} / ${b})`, type: DOUBLE };
}

/** Of whole numbers. Zero divides into NULL, which there is an error. */
function whole(operator: 'div' | '%', left: Typed, right: Typed): Typed {
  const [a, b] = meeting([left, right]) as [Typed, Typed];
  const type = commonType(a.type, b.type);
  if (!isInteger(type) || type.kind === 'hugeint') refuse(`${operator} of ${showType(type)} is not translated`);
  const sql = `${cast(a, type).sql} ${operator} nullif(${cast(b, type).sql}, ${integerSql(0n, type).sql})`;
  return { sql: `CAST(${sql} AS ${sparkType(type)})`, type };
}

export function negative(value: Typed): Typed {
  if (value.integer !== undefined) return { ...integerSql(-value.integer, value.type), integer: -value.integer };
  if (!isNumeric(value.type)) refuse(`the sign of ${showType(value.type)} is not translated`);
  return { sql: `(- ${value.sql})`, type: value.type };
}

const COMPARISONS: Record<string, (left: string, right: string) => string> = {
  COMPARE_EQUAL: (left, right) => `(${left} = ${right})`,
  COMPARE_NOTEQUAL: (left, right) => `(${left} <> ${right})`,
  COMPARE_LESSTHAN: (left, right) => `(${left} < ${right})`,
  COMPARE_GREATERTHAN: (left, right) => `(${left} > ${right})`,
  COMPARE_LESSTHANOREQUALTO: (left, right) => `(${left} <= ${right})`,
  COMPARE_GREATERTHANOREQUALTO: (left, right) => `(${left} >= ${right})`,
  COMPARE_DISTINCT_FROM: (left, right) => `(NOT (${left} <=> ${right}))`,
  COMPARE_NOT_DISTINCT_FROM: (left, right) => `(${left} <=> ${right})`,
};

/** `name`: as the syntax tree calls it. */
export function comparison(name: string, left: Typed, right: Typed): Typed {
  const compare = COMPARISONS[name] ?? refuse(`the comparison ${name} is not translated`);
  const [a, b] = unified([left, right]) as [Typed, Typed];
  return { sql: compare(a.sql, b.sql), type: BOOLEAN };
}

/** Values in the type in which they meet. */
export function unified(values: readonly Typed[]): Typed[] {
  const met = meeting(values);
  const type = met.map((value) => value.type).reduce(commonType);
  return met.map((value) => widened(value, type));
}

/** A pattern has no escapes here, and backslashes there. */
function like(value: Typed, pattern: Typed, operator: string): Typed {
  if (pattern.text === undefined) refuse('LIKE with a pattern that is computed is not translated');
  return { sql: `(${text(value)} ${operator} ${textSql(pattern.text.replaceAll('\\', '\\\\'))})`, type: BOOLEAN };
}

export function text({ sql, type }: Typed): string {
  if (type.kind === 'varchar') return sql;
  if (type.kind === 'null') return `CAST(${sql} AS STRING)`;
  return refuse(`${showType(type)} in the place of a text is not translated`);
}

/** 10 to a power, as a decimal. */
export function powerOfTen(exponent: number): string {
  return decimalSql(10n ** BigInt(exponent), exponent + 1, 0);
}
