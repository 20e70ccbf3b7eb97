/** Types for parameters that the engine leaves open until it has values: those that it would choose, and that clients can bind. */
import {
  Binary,
  Bool,
  DateDay,
  Float64,
  Int32,
  Int64,
  IntervalMonthDayNano,
  TimeMicrosecond,
  TimestampMicrosecond,
  Utf8,
} from 'apache-arrow';
import type { Connection } from '../native/database.js';
import { replaceParameters, standsBefore, standsBehind } from '../parsing/parameter-types.js';
import type { ParameterType } from '../results/result-type.js';
import { preparedIfPossible } from './prepared.js';

const text: ParameterType = { sql: 'VARCHAR', arrow: new Utf8() };
const whole: ParameterType = { sql: 'BIGINT', arrow: new Int64() };
const number: ParameterType = { sql: 'DOUBLE', arrow: new Float64() };

const day: ParameterType = { sql: 'DATE', arrow: new DateDay() };

/** In the order in which they are tried. Few of them become one another without a cast, so that mostly one fits. */
const candidates: ParameterType[] = [
  text,
  whole,
  { sql: 'INTEGER', arrow: new Int32() },
  number,
  { sql: 'TIMESTAMP', arrow: new TimestampMicrosecond() },
  day,
  { sql: 'TIME', arrow: new TimeMicrosecond() },
  { sql: 'INTERVAL', arrow: new IntervalMonthDayNano() },
  { sql: 'BOOLEAN', arrow: new Bool() },
  { sql: 'BLOB', arrow: new Binary() },
];

/** Each open parameter takes several looks at the statement. */
const MOST_SEARCHED = 32;

/** Functions that mean little for whole numbers, which they also take. */
const roundings = /\b(?:round|trunc)\s*\(\s*$/i;

/** Functions for which the time of the day means little. */
const calendar =
  /\b(?:year|quarter|month|monthname|week|weekofyear|yearweek|day|dayname|dayofmonth|dayofweek|dayofyear|isodow|last_day)\s*\(\s*$/i;

/**
 * The types with one for each parameter. One that anything may be is text; one that is only asked whether it is null, as in
 * `? IS NULL OR id = ?`, is what its neighbour is.
 */
export async function declaredTypes(
  connection: Connection,
  sql: string,
  inferred: readonly (ParameterType | undefined)[],
): Promise<ParameterType[]> {
  const types = [...inferred];
  const open = types.flatMap((type, index) => (type === undefined ? [index] : []));
  const onlyNull = open.filter((index) => standsBefore(sql, index + 1, /^\s*is\b/i));
  if (open.length <= MOST_SEARCHED) {
    for (const index of open) {
      if (!onlyNull.includes(index)) types[index] = await typeOf(connection, sql, types, index);
    }
    for (const index of onlyNull) {
      const neighbour = types[index + 1] ?? types[index - 1];
      types[index] =
        neighbour && (await fits(connection, sql, types, index, neighbour))
          ? neighbour
          : await typeOf(connection, sql, types, index);
    }
  }
  return types.map((type) => type ?? text);
}

async function typeOf(
  connection: Connection,
  sql: string,
  types: readonly (ParameterType | undefined)[],
  index: number,
): Promise<ParameterType | undefined> {
  const alone = await preparedIfPossible(connection, probe(sql, types, index, '$1', 'NULL'));
  if (alone?.types[0]) return alone.types[0];
  const first = [
    ...(standsBehind(sql, index + 1, roundings) ? [number] : []),
    ...(standsBehind(sql, index + 1, calendar) ? [day] : []),
  ];
  for (const candidate of [...first, ...candidates]) {
    if (!(await fits(connection, sql, types, index, candidate))) continue;
    return candidate === whole ? numberOf(connection, sql, types, index) : candidate;
  }
  return undefined;
}

/** Whether the statement can be with that type. */
async function fits(
  connection: Connection,
  sql: string,
  types: readonly (ParameterType | undefined)[],
  index: number,
  { sql: type }: ParameterType,
): Promise<boolean> {
  const value = `CAST(NULL AS ${type})`;
  // NULL is at times too little to choose a function by; an open parameter then puts the choice off.
  return (
    (await preparedIfPossible(connection, probe(sql, types, index, value, 'NULL'))) !== undefined ||
    (await preparedIfPossible(connection, probe(sql, types, index, value, undefined))) !== undefined
  );
}

/** The text with `value` for one parameter, typed nulls for the known ones, and for other open ones `other` or parameters. */
function probe(
  sql: string,
  types: readonly (ParameterType | undefined)[],
  index: number,
  value: string,
  other: string | undefined,
): string {
  let open = 0;
  const names = new Map<number, string>();
  return replaceParameters(sql, (parameter) => {
    if (parameter === index + 1) return value;
    const type = types[parameter - 1];
    if (type) return `CAST(NULL AS ${type.sql})`;
    if (other !== undefined) return other;
    if (!names.has(parameter)) names.set(parameter, `$${++open}`);
    return names.get(parameter) as string;
  });
}

/** A number that is nowhere else in a statement. */
const MARK = '7083126451';

type Json = { readonly [key: string]: unknown };

/** BIGINT, or DOUBLE where the engine makes a fraction of a whole number. */
async function numberOf(
  connection: Connection,
  sql: string,
  types: readonly (ParameterType | undefined)[],
  index: number,
): Promise<ParameterType> {
  const marked = probe(sql, types, index, `CAST(${MARK} AS BIGINT)`, 'NULL');
  const query = 'SELECT json_serialize_plan($1::VARCHAR, optimize := false)';
  const rows = await connection.rows(query, [marked]).catch(() => []);
  const castTo = castOfMark(JSON.parse(rows[0]?.[0] ?? 'null'));
  return castTo !== undefined && ['DOUBLE', 'FLOAT', 'DECIMAL'].includes(castTo) ? number : whole;
}

/** What the marked number is cast to. */
function castOfMark(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const node = value as Json;
  if (node.expression_class === 'BOUND_CAST' && isMark(node.child))
    return (node.return_type as Json | undefined)?.id as string;
  for (const part of Object.values(node)) {
    const found = castOfMark(part);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isMark(value: unknown): boolean {
  const node = (value ?? {}) as Json;
  if (node.expression_class === 'BOUND_CONSTANT') return String((node.value as Json | undefined)?.value) === MARK;
  // The literal itself is cast where it is none of the type.
  return (
    node.expression_class === 'BOUND_CAST' &&
    (node.return_type as Json | undefined)?.id === 'BIGINT' &&
    isMark(node.child)
  );
}
