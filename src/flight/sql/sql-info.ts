/** GetSqlInfo: what this server is and can do, by the numbers of the enum SqlInfo. */
import type { UnionValue } from '../../arrow/index.js';
import { SQL_INFO_VALUE } from './result-schemas.js';

const text = (value: string): UnionValue => ({ typeId: SQL_INFO_VALUE.text, value });
const flag = (value: boolean): UnionValue => ({ typeId: SQL_INFO_VALUE.flag, value });
const integer = (value: number): UnionValue => ({ typeId: SQL_INFO_VALUE.integer, value: BigInt(value) });
const int32 = (value: number): UnionValue => ({ typeId: SQL_INFO_VALUE.bitmask, value });
/** The members of an enum as bits. */
const members = (...values: number[]) => int32(values.reduce((mask, value) => mask | (1 << value), 0));
const list = (value: string[]): UnionValue => ({ typeId: SQL_INFO_VALUE.list, value });

const UNLIMITED = integer(0);
const CASE_INSENSITIVE = integer(1);
const NULLS_SORTED_AT_END = integer(3);
const READ_COMMITTED = 2;
const REPEATABLE_READ = 3;

export interface ServerFacts {
  version: string;
  /** In milliseconds. */
  statementTimeout: number;
  /** Longest text of a statement, in bytes. */
  statementBytes: number;
}

/** Every value by its SqlInfo number. */
export function sqlInfo(facts: ServerFacts): Map<number, UnionValue> {
  const timeout = Math.min(facts.statementTimeout, 2 ** 31 - 1);
  return new Map<number, UnionValue>([
    [0, text('Skua')],
    [1, text(facts.version)],
    [2, text('21.2.0')],
    [3, flag(false)],
    [4, flag(true)],
    [5, flag(false)],
    [6, text('')],
    [7, text('')],
    [8, int32(1)],
    [9, flag(true)],
    [10, flag(true)],
    [11, flag(true)],
    [100, int32(timeout)],
    [101, int32(0)],
    ...syntax(),
    ...capabilities(),
    ...limits(facts.statementBytes),
    ...transactions(),
  ]);
}

function syntax(): [number, UnionValue][] {
  return [
    [500, flag(false)],
    [501, flag(true)],
    [502, flag(true)],
    [503, CASE_INSENSITIVE],
    [504, text('"')],
    [505, CASE_INSENSITIVE],
    [506, flag(false)],
    [507, NULLS_SORTED_AT_END],
    [508, list(KEYWORDS)],
    [509, list(NUMERIC_FUNCTIONS)],
    [510, list(STRING_FUNCTIONS)],
    [511, list(SYSTEM_FUNCTIONS)],
    [512, list(DATETIME_FUNCTIONS)],
    [513, text('\\')],
    [514, text('')],
  ];
}

function capabilities(): [number, UnionValue][] {
  return [
    [515, flag(true)],
    [516, flag(true)],
    [517, { typeId: SQL_INFO_VALUE.map, value: conversions() }],
    [518, flag(true)],
    [519, flag(false)],
    [520, flag(true)],
    [521, flag(true)],
    [522, members(0, 1)],
    [523, flag(true)],
    [524, flag(true)],
    [525, members(0, 1)],
    [526, members(0)],
    [527, flag(false)],
    [528, members(1, 2)],
    [529, text('schema')],
    [530, text('procedure')],
    [531, text('catalog')],
    [532, flag(true)],
    [533, members()],
    [534, members()],
    [535, members()],
    [536, flag(false)],
    [537, flag(false)],
    [538, members(0, 1, 2, 3)],
    [539, flag(true)],
    [540, members(0, 1)],
  ];
}

function limits(statementBytes: number): [number, UnionValue][] {
  const names = Array.from({ length: 15 }, (_, index): [number, UnionValue] => [541 + index, UNLIMITED]);
  const rest = Array.from({ length: 4 }, (_, index): [number, UnionValue] => [558 + index, UNLIMITED]);
  return [...names, [556, flag(true)], [557, integer(statementBytes)], ...rest];
}

function transactions(): [number, UnionValue][] {
  const readOnlyForwardOnly = members(1);
  return [
    [562, integer(REPEATABLE_READ)],
    [563, flag(true)],
    [564, members(READ_COMMITTED, REPEATABLE_READ)],
    [565, flag(false)],
    [566, flag(false)],
    [567, members(1)],
    [568, members(0)],
    [569, readOnlyForwardOnly],
    [570, members(0)],
    [571, members(0)],
    [572, flag(true)],
    [573, flag(false)],
    [574, flag(false)],
    [575, flag(false)],
    [576, flag(false)],
  ];
}

/** SqlSupportsConvert numbers: which type a CAST turns into which. */
function conversions(): [number, number[]][] {
  const [bigint, binary, bit, char, date, decimal, float, integerType] = [0, 1, 2, 3, 4, 5, 6, 7];
  const [dayTime, yearMonth, longVarbinary, longVarchar, numeric, real, smallint, time, timestamp] = [
    8, 9, 10, 11, 12, 13, 14, 15, 16,
  ];
  const [tinyint, varbinary, varchar] = [17, 18, 19];
  const numbers = [bigint, bit, decimal, float, integerType, numeric, real, smallint, tinyint];
  const texts = [char, longVarchar, varchar];
  const binaries = [binary, longVarbinary, varbinary];
  const intervals = [dayTime, yearMonth];
  const everything = [...numbers, ...texts, ...binaries, ...intervals, date, time, timestamp];
  const from = (types: number[], to: number[]): [number, number[]][] =>
    types.map((type) => [type, [...to].sort((a, b) => a - b)]);
  return [
    ...from(numbers, [...numbers, ...texts]),
    ...from(texts, everything),
    ...from(binaries, [...binaries, ...texts]),
    ...from(intervals, [...intervals, ...texts]),
    ...from([date], [date, timestamp, ...texts]),
    ...from([time], [time, ...texts]),
    ...from([timestamp], [date, time, timestamp, ...texts]),
  ].sort(([a], [b]) => a - b);
}

/** Reserved words that SQL-92 does not have. */
const KEYWORDS = (
  'ANALYSE ANALYZE ANTI ASOF ATTACH COPY DESCRIBE DETACH EXCLUDE EXPLAIN GLOB ILIKE LAMBDA LIMIT MERGE OFFSET ' +
  'PIVOT PLACING POSITIONAL QUALIFY RETURNING SEMI SHOW SUMMARIZE TABLESAMPLE TRY_CAST UNPIVOT USE VARIADIC'
).split(' ');

/** Functions as the escape `{fn …}` calls them: all of ODBC's and JDBC's, and some that the engine has besides. */
const NUMERIC_FUNCTIONS = (
  'ABS ACOS ASIN ATAN ATAN2 CBRT CEIL CEILING COS COT DEGREES EXP FLOOR LN LOG LOG10 LOG2 MOD PI POW POWER RADIANS ' +
  'RAND RANDOM ROUND SIGN SIN SQRT TAN TRUNC TRUNCATE'
).split(' ');

const STRING_FUNCTIONS = (
  'ASCII BIT_LENGTH CHAR CHARACTER_LENGTH CHAR_LENGTH CHR CONCAT CONCAT_WS CONTAINS DIFFERENCE INSERT LCASE LEFT ' +
  'LENGTH LOCATE LOWER LPAD LTRIM OCTET_LENGTH POSITION REGEXP_EXTRACT REGEXP_MATCHES REGEXP_REPLACE REPEAT REPLACE ' +
  'REVERSE RIGHT RPAD RTRIM SOUNDEX SPACE SPLIT_PART STARTS_WITH STRPOS SUBSTR SUBSTRING TRANSLATE TRIM UCASE UPPER'
).split(' ');

const SYSTEM_FUNCTIONS = 'COALESCE DATABASE IFNULL NULLIF TYPEOF USER'.split(' ');

const DATETIME_FUNCTIONS = (
  'CURDATE CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP CURTIME DATE_ADD DATE_DIFF DATE_PART DATE_TRUNC DAYNAME ' +
  'DAYOFMONTH DAYOFWEEK DAYOFYEAR EXTRACT HOUR LAST_DAY MINUTE MONTH MONTHNAME NOW QUARTER SECOND STRFTIME STRPTIME ' +
  'TIMESTAMPADD TIMESTAMPDIFF WEEK YEAR'
).split(' ');
