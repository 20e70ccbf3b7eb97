/** The functions that are equal in meaning there, each with the types that it is equal for. What is not listed is not translated. */
import { cast } from './casts.js';
import { datePart, dateTrunc, PART_FUNCTIONS } from './dates.js';
import { BINARY, negative, text, unified } from './operators.js';
import { refuse } from './refusal.js';
import type { Typed } from './scope.js';
import { BIGINT, BOOLEAN, decimal, digitsOf, isExact, isInteger, showType, sparkType, VARCHAR } from './types.js';

type Rule = (values: Typed[], name: string) => Typed;

const RULES: Record<string, Rule> = {
  '+': ([value, other]) => (other ? operator('+', value, other) : given(value)),
  '-': ([value, other]) => (other ? operator('-', value, other) : negative(given(value))),
  abs: ([value]) => {
    const { sql, type } = given(value);
    if (!isExact(type) && type.kind !== 'double') refuse(`abs of ${showType(type)} is not translated`);
    return { sql: `abs(${sql})`, type };
  },
  round: ([value, digits]) => rounded(given(value), digits),
  floor: ([value]) => toWhole('floor', given(value)),
  ceil: ([value]) => toWhole('ceil', given(value)),
  length: ([value]) => ({ sql: `CAST(char_length(${text(given(value))}) AS BIGINT)`, type: BIGINT }),
  substring: ([value, start, count]) => substring(given(value), given(start), count),
  starts_with: ([value, part]) => test('startswith', value, part),
  ends_with: ([value, part]) => test('endswith', value, part),
  contains: ([value, part]) => test('contains', value, part),
  concat: (values) => ({ sql: `concat_ws('', ${values.map(text).join(', ')})`, type: VARCHAR }),
  nullif: ([value, other]) => {
    const [a, b] = unified([given(value), given(other)]) as [Typed, Typed];
    if (a.type.kind !== given(value).type.kind) refuse('nullif of values of two types is not translated');
    return { sql: `nullif(${a.sql}, ${b.sql})`, type: a.type };
  },
  greatest: (values) => most('greatest', values),
  least: (values) => most('least', values),
  date_part: ([part, value]) => datePart(constantText(part), given(value)),
  date_trunc: ([part, value]) => dateTrunc(constantText(part), given(value)),
};

const OTHER_NAMES: Record<string, string> = {
  ceiling: 'ceil',
  len: 'length',
  char_length: 'length',
  character_length: 'length',
  substr: 'substring',
  prefix: 'starts_with',
  suffix: 'ends_with',
  '^@': 'starts_with',
  datepart: 'date_part',
  datetrunc: 'date_trunc',
};

/** A call of a function, or of an operator that the syntax tree has as one. */
export function call(name: string, values: Typed[]): Typed {
  const known = OTHER_NAMES[name] ?? name;
  const rule = Object.hasOwn(RULES, known) ? RULES[known] : undefined;
  if (rule) return rule(values, known);
  if (Object.hasOwn(BINARY, known) && values.length === 2) return operator(known, values[0], values[1]);
  if (PART_FUNCTIONS.includes(known) && values.length === 1) return datePart(known, given(values[0]));
  return refuse(`the function ${name} is not translated`);
}

function operator(name: string, left: Typed | undefined, right: Typed | undefined): Typed {
  return (BINARY[name] as (typeof BINARY)[string])(given(left), given(right));
}

function given(value: Typed | undefined): Typed {
  return value ?? refuse('a function without its arguments is not translated');
}

function constantText(value: Typed | undefined): string {
  return value?.text ?? refuse('a part of a date that is computed is not translated');
}

/** Decimals round half away from zero in both engines; floating-point numbers don't round alike. */
function rounded(value: Typed, digits: Typed | undefined): Typed {
  const places =
    digits === undefined ? 0 : Number(digits.integer ?? refuse('round to a computed place is not translated'));
  const { sql, type } = value;
  if (isInteger(type) && places >= 0) return value;
  if (type.kind !== 'decimal' || places < 0) refuse(`round of ${showType(type)} is not translated`);
  const { width, scale } = digitsOf(type);
  if (places >= scale) return value;
  const result = decimal(width, places);
  return { sql: `CAST(round(${sql}, ${places}) AS ${sparkType(result)})`, type: result };
}

function toWhole(name: 'floor' | 'ceil', value: Typed): Typed {
  const { sql, type } = value;
  if (isInteger(type)) return value;
  if (type.kind !== 'decimal') refuse(`${name} of ${showType(type)} is not translated`);
  const result = decimal(type.width, 0);
  return { sql: `CAST(${name}(${sql}) AS ${sparkType(result)})`, type: result };
}

/** Places before the first character mean different things. */
function substring(value: Typed, { integer: start }: Typed, count: Typed | undefined): Typed {
  if (start === undefined || start < 1n || (count && (count.integer === undefined || count.integer < 0n))) {
    refuse('substring from a place, or of a length, that is computed or negative is not translated');
  }
  const places = count ? `${start}, ${count.integer}` : `${start}`;
  return { sql: `substring(${text(value)}, ${places})`, type: VARCHAR };
}

function test(name: string, value: Typed | undefined, part: Typed | undefined): Typed {
  return { sql: `${name}(${text(given(value))}, ${text(given(part))})`, type: BOOLEAN };
}

function most(name: string, values: Typed[]): Typed {
  if (values.length < 2) refuse(`${name} of one value is not translated`);
  const same = unified(values);
  return { sql: `${name}(${same.map(({ sql }) => sql).join(', ')})`, type: given(same[0]).type };
}

/** COALESCE, which the syntax tree has as an operator. */
export function coalesce(values: Typed[]): Typed {
  const same = unified(values);
  return { sql: `coalesce(${same.map(({ sql }) => sql).join(', ')})`, type: given(same[0]).type };
}

export function condition(value: Typed): string {
  if (value.type.kind === 'null') return cast(value, BOOLEAN).sql;
  return value.type.kind === 'boolean'
    ? value.sql
    : refuse(`${showType(value.type)} in the place of a condition is not translated`);
}
