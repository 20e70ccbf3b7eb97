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
    case 'show-first-4':
    case 'show-last-4':
      if (!isPrimitive(type, 'string')) throw mismatch();
      return `${TEXT_MASKS[action]}(${value})`;
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

function isPrimitive(type: Type, ...names: string[]): boolean {
  return type.kind === 'primitive' && names.includes(type.type);
}

/** Functions that the engine has been given. */
const TEXT_MASKS = {
  'mask-alphanum': 'skua_mask_alphanum',
  'show-first-4': 'skua_show_first_4',
  'show-last-4': 'skua_show_last_4',
};

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
      // To take days away needs one look at the calendar, to make a date of its parts needs several.
      return `${value} - CAST(${unit === 'year' ? 'dayofyear' : 'day'}(${value}) - 1 AS INTEGER)`;
    case 'timestamp':
      return `date_trunc('${unit}', ${value})`;
    case 'timestamptz':
      return `timezone('UTC', date_trunc('${unit}', timezone('UTC', ${value})))`;
    case 'timestamp_ns':
    case 'timestamptz_ns': {
      const clock = type.type === 'timestamp_ns' ? value : `CAST(CAST(${value} AS VARIANT) AS TIMESTAMP_NS)`;
      const truncated = `date_trunc('${unit}', ${microsecondsSql(`epoch_ns(${clock})`)})`;
      const failure = "error('A masked value can''t be given in nanoseconds')";
      return `CASE WHEN ${truncated} < TIMESTAMP '${EARLIEST_NANOSECONDS}' THEN ${failure} ELSE ${truncated} END`;
    }
    default:
      throw mismatch();
  }
}

/** The microsecond that nanoseconds lie in, also before 1970. The engine's own cast rounds them, and the last of a year would be of the next. */
function microsecondsSql(nanoseconds: string): string {
  return `make_timestamp(${nanoseconds} // 1000 - CASE WHEN ${nanoseconds} % 1000 < 0 THEN 1 ELSE 0 END)`;
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
    case 'long':
      return integerSql(digest(littleEndianSql(value, INTEGERS[type.type])), INTEGERS[type.type]);
    default:
      throw mismatch();
  }
}

/** An integer type of SQL, the unsigned one of its width, and the lower half of each of its bytes. */
interface IntegerForm {
  signed: string;
  unsigned: string;
  bytes: number;
  lowHalves: string;
}

const INTEGERS: Record<'int' | 'long', IntegerForm> = {
  int: { signed: 'INTEGER', unsigned: 'UINTEGER', bytes: 4, lowHalves: '252645135' },
  long: { signed: 'BIGINT', unsigned: 'UBIGINT', bytes: 8, lowHalves: '1085102592571150095' },
};

/**
 * The bytes of an integer in hexadecimal digits, the lowest first. The digits in the opposite order are just that once the halves of each byte have
 * changed places, and arithmetic takes a fraction of the time that cutting texts to pieces does.
 */
function littleEndianSql(value: string, { unsigned, lowHalves }: IntegerForm): string {
  const low = `CAST(${value} & ${lowHalves} AS ${unsigned})`;
  const high = `CAST((${value} >> 4) & ${lowHalves} AS ${unsigned})`;
  return `reverse(hex(CAST(CAST((${low} << 4) | ${high} AS BIT) AS BLOB)))`;
}

/** The integer, little-endian, of a digest's first bytes. */
function integerSql(digest: string, { signed, unsigned, bytes, lowHalves }: IntegerForm): string {
  const swapped = `CAST('0x' || reverse(left(${digest}, ${2 * bytes})) AS ${unsigned})`;
  const halves = `CAST(${lowHalves} AS ${unsigned})`;
  return `CAST(CAST(((${swapped} & ${halves}) << 4) | ((${swapped} >> 4) & ${halves}) AS BIT) AS ${signed})`;
}
