/** The mask actions (Iceberg REST specification, `ReadRestrictions`), each as SQL over a value. */
import type { Type } from '../iceberg/types.js';
import type { MaskAction } from './restrictions.js';
import { quoteIdentifier } from './sql.js';
import { RuleViolation } from './violation.js';

/** What a mask is applied to. */
export interface MaskedValue {
  type: Type;
  isOptional: boolean;
  /** SQL. */
  value: string;
  /** Random bytes in hexadecimal digits. */
  salt: () => string;
}

/** The masked value as SQL. An action that the type does not have: RuleViolation. */
export function maskSql(action: MaskAction, masked: MaskedValue): string {
  const { type, value } = masked;
  switch (action) {
    case 'mask-alphanum':
      return alphanumSql(required(isPrimitive(type, 'string'), value));
    case 'show-first-4': {
      const text = required(isPrimitive(type, 'string'), value);
      const rest = alphanumSql(`substr(${text}, 5)`);
      return `CASE WHEN length(${text}) <= 4 THEN ${text} ELSE left(${text}, 4) || ${rest} END`;
    }
    case 'show-last-4': {
      const text = required(isPrimitive(type, 'string'), value);
      const start = alphanumSql(`left(${text}, length(${text}) - 4)`);
      return `CASE WHEN length(${text}) <= 4 THEN ${text} ELSE ${start} || right(${text}, 4) END`;
    }
    case 'replace-with-null':
      if (!masked.isOptional) throw new RuleViolation("a required field can't be replaced by null");
      return `CASE WHEN true THEN NULL ELSE ${value} END`;
    case 'mask-to-fixed-value':
      return fixedValueSql(type);
    case 'truncate-to-year':
    case 'truncate-to-month':
      return truncatedSql(type, value, action === 'truncate-to-year' ? 'year' : 'month');
    case 'sha-256-global':
      return hashSql(type, value, '');
    case 'sha-256-query-local':
      return hashSql(type, value, masked.salt());
  }
}

function mismatch(): RuleViolation {
  return new RuleViolation('the action does not go with the type of the field');
}

function required(applies: boolean, value: string): string {
  if (!applies) throw mismatch();
  return value;
}

function isPrimitive(type: Type, ...names: string[]): boolean {
  return type.kind === 'primitive' && names.includes(type.type);
}

/** Digits of ASCII become `n`, all else but a few signs `x`, by code points. */
function alphanumSql(text: string): string {
  return `regexp_replace(regexp_replace(${text}, '[^0-9(),.@-]', 'x', 'g'), '[0-9]', 'n', 'g')`;
}

function fixedValueSql(type: Type): string {
  switch (type.kind) {
    case 'decimal':
      return `CAST(0 AS DECIMAL(${type.precision}, ${type.scale}))`;
    case 'fixed':
      return `unhex('${'00'.repeat(type.length)}')`;
    case 'list':
      return '[]';
    case 'map':
      return 'MAP {}';
    case 'struct': {
      const fields = type.fields.map((field) => `${quoteIdentifier(field.name)} := ${fixedValueSql(field.type)}`);
      return `struct_pack(${fields.join(', ')})`;
    }
    case 'geometry':
    case 'geography':
      throw mismatch();
    case 'primitive':
      break;
  }
  const value = FIXED_VALUES[type.type];
  if (value === undefined) throw mismatch();
  return value;
}

const FIXED_VALUES: Record<string, string> = {
  boolean: 'false',
  int: 'CAST(0 AS INTEGER)',
  long: 'CAST(0 AS BIGINT)',
  float: 'CAST(0 AS FLOAT)',
  double: 'CAST(0 AS DOUBLE)',
  string: "'XXXXXXXX'",
  date: "DATE '1970-01-01'",
  time: "TIME '00:00:00'",
  timestamp: "TIMESTAMP '1970-01-01 00:00:00'",
  timestamptz: "CAST('1970-01-01 00:00:00+00' AS TIMESTAMPTZ)",
  timestamp_ns: "CAST('1970-01-01 00:00:00' AS TIMESTAMP_NS)",
  timestamptz_ns: "CAST('1970-01-01 00:00:00+00' AS TIMESTAMPTZ_NS)",
  uuid: "CAST('00000000-0000-0000-0000-000000000000' AS UUID)",
  binary: "''::BLOB",
  variant: "'{}'::JSON",
};

/** By the calendar in UTC, whatever the time zone of the session. */
function truncatedSql(type: Type, value: string, unit: 'year' | 'month'): string {
  if (type.kind !== 'primitive') throw mismatch();
  switch (type.type) {
    case 'date':
      return `make_date(year(${value}), ${unit === 'year' ? '1' : `month(${value})`}, 1)`;
    case 'timestamp':
      return `date_trunc('${unit}', ${value})`;
    case 'timestamptz':
      return `timezone('UTC', date_trunc('${unit}', timezone('UTC', ${value})))`;
    case 'timestamp_ns':
    case 'timestamptz_ns': {
      const truncated = `date_trunc('${unit}', CAST(${value} AS TIMESTAMP))`;
      const failure = "error('A masked value can''t be given in nanoseconds')";
      return `CASE WHEN ${truncated} < TIMESTAMP '${EARLIEST_NANOSECONDS}' THEN ${failure} ELSE ${truncated} END`;
    }
    default:
      throw mismatch();
  }
}

/** The first microsecond from 1970-01-01 back that 64 bits of nanoseconds reach. */
const EARLIEST_NANOSECONDS = '1677-09-21 00:12:43.145225';

function hashSql(type: Type, value: string, salt: string): string {
  if (type.kind !== 'primitive') throw mismatch();
  const digest = (hex: string) => `sha256(unhex(${salt === '' ? '' : `'${salt}' || `}${hex}))`;
  switch (type.type) {
    case 'string':
      return salt === '' ? `sha256(${value})` : `sha256(unhex('${salt}') || encode(${value}))`;
    case 'binary':
      return `unhex(${salt === '' ? `sha256(${value})` : `sha256(unhex('${salt}') || ${value})`})`;
    case 'int':
      return integerSql(digest(reversedSql(`hex(CAST(CAST(${value} AS BIT) AS BLOB))`, 4)), 4, 'INTEGER');
    case 'long':
      return integerSql(digest(reversedSql(`hex(CAST(CAST(${value} AS BIT) AS BLOB))`, 8)), 8, 'BIGINT');
    default:
      throw mismatch();
  }
}

/** The first bytes, which are in hexadecimal digits, in the opposite order. */
function reversedSql(hex: string, bytes: number): string {
  return Array.from({ length: bytes }, (_, index) => `substr(${hex}, ${2 * (bytes - index) - 1}, 2)`).join(' || ');
}

/** The integer, little-endian, of a digest's first bytes. */
function integerSql(digest: string, bytes: number, type: string): string {
  return `CAST(CAST(unhex(${reversedSql(digest, bytes)}) AS BIT) AS ${type})`;
}
