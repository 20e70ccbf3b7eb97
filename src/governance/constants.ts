/** Constants of a row filter: JSON single values (Iceberg spec, Appendix D) as values of an Iceberg type. */
import { isTime, type Literal, timeSql } from '../expressions/index.js';
import { parseType, parseValue, valueToLiteral } from '../iceberg/index.js';
import type { Type } from '../iceberg/types.js';
import type { Constant } from './predicate.js';
import { textSql } from './sql.js';
import { RuleViolation } from './violation.js';

export interface TypedConstant {
  type: Type;
  literal: Literal;
  sql: string;
}

/** The type that a constant says it has; undefined where it says none. */
export function declaredType({ dataType }: Constant): Type | undefined {
  if (dataType === undefined) return undefined;
  try {
    return parseType(dataType);
  } catch {
    throw new RuleViolation('it has a constant of a type that is not known');
  }
}

/** A constant as a value of the type. One that is none, or not exactly: RuleViolation. */
export function typedConstant({ value }: Constant, type: Type): TypedConstant {
  const text = textOf(type, value);
  const parsed = text === undefined ? undefined : parseValue(type, text);
  const literal = parsed === undefined || parsed === null ? undefined : valueToLiteral(type, parsed);
  if (!literal || !fits(type, parsed))
    throw new RuleViolation('it has a constant that is no value of the type it is compared with');
  return { type, literal, sql: literalSql(type, literal) };
}

function fits(type: Type, value: unknown): boolean {
  if (type.kind === 'decimal') return String(value).replace('-', '').length <= type.precision;
  const bits = type.kind === 'primitive' ? TIME_BITS[type.type] : undefined;
  return bits === undefined || BigInt.asIntN(bits, BigInt(value as bigint)) === BigInt(value as bigint);
}

/** What dates and points in time are stored in. */
const TIME_BITS: Partial<Record<string, number>> = {
  date: 32,
  timestamp: 64,
  timestamptz: 64,
  timestamp_ns: 64,
  timestamptz_ns: 64,
};

const DATE = /^[+-]?\d{4,9}-\d{2}-\d{2}$/;
const TIME = String.raw`(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d`;
const clock = (digits: number, zone = '') =>
  new RegExp(String.raw`^[+-]?\d{4,9}-\d{2}-\d{2}T${TIME}(?:\.\d{1,${digits}})?${zone}$`);
const FORMS: Partial<Record<string, RegExp>> = {
  date: DATE,
  time: new RegExp(String.raw`^${TIME}(?:\.\d{1,6})?$`),
  timestamp: clock(6),
  timestamptz: clock(6, String.raw`\+00:00`),
  timestamp_ns: clock(9),
  timestamptz_ns: clock(9, String.raw`\+00:00`),
  uuid: /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
  binary: /^(?:[0-9a-f]{2})*$/i,
};

/** The text of a JSON value that is in the form of the type. */
function textOf(type: Type, value: unknown): string | undefined {
  if (type.kind === 'decimal') {
    const isDecimal = typeof value === 'string' && /^-?\d+(?:\.\d+)?(?:E[+-]?\d{1,3})?$/i.test(value);
    return isDecimal ? value : undefined;
  }
  if (type.kind === 'fixed') {
    const isHex = typeof value === 'string' && /^[0-9a-f]*$/i.test(value) && value.length === 2 * type.length;
    return isHex ? value : undefined;
  }
  if (type.kind !== 'primitive') return undefined;
  switch (type.type) {
    case 'boolean':
      return typeof value === 'boolean' ? String(value) : undefined;
    case 'int':
    case 'long': {
      const integer = integerOf(value);
      const bits = type.type === 'int' ? 32 : 64;
      return integer !== undefined && BigInt.asIntN(bits, integer) === integer ? String(integer) : undefined;
    }
    case 'float':
    case 'double': {
      const number = typeof value === 'bigint' ? Number(value) : value;
      const rounded = typeof number === 'number' && type.type === 'float' ? Math.fround(number) : number;
      return typeof rounded === 'number' && Number.isFinite(rounded) ? String(value) : undefined;
    }
    case 'string':
      return typeof value === 'string' && !/\p{Surrogate}/u.test(value) ? value : undefined;
    default:
      return typeof value === 'string' && FORMS[type.type]?.test(value) ? value : undefined;
  }
}

/** Numbers that may have lost digits are none. */
function integerOf(value: unknown): bigint | undefined {
  if (typeof value === 'bigint') return value;
  return Number.isSafeInteger(value) ? BigInt(value as number) : undefined;
}

function literalSql(type: Type, literal: Literal): string {
  const { text } = literal;
  if (type.kind === 'decimal') return `CAST('${text}' AS DECIMAL(${type.precision}, ${type.scale}))`;
  if (type.kind === 'fixed') return `unhex('${text}')`;
  if (type.kind !== 'primitive') throw new RuleViolation('it has a constant that is no single value');
  if (isTime(literal)) return timeSql(literal, type.type.toUpperCase());
  switch (type.type) {
    case 'string':
      return textSql(text);
    case 'binary':
      return `unhex('${text}')`;
    case 'int':
      return `CAST('${text}' AS INTEGER)`;
    case 'long':
      return `CAST('${text}' AS BIGINT)`;
    default:
      return `CAST('${text}' AS ${type.type.toUpperCase()})`;
  }
}
