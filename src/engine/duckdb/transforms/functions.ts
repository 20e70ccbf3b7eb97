/** `iceberg_bucket(count, value)` and `iceberg_truncate(width, value)`: the partition transforms of those names, as functions in queries. */
import type { PrimitiveType, Type } from '../../../iceberg/types.js';
import type { FunctionDefinition } from '../../contract.js';
import { bucketExpression } from './bucket-expression.js';

/** Those that a text calls. */
export function transformFunctions(sql: string): FunctionDefinition[] {
  return FUNCTIONS.filter(({ name }) => new RegExp(`\\b${name}\\b`, 'i').test(sql));
}

/** Names that no lambda in the bodies has. */
const [PARAMETER, VALUE] = ['iceberg_parameter', 'iceberg_value'];

const PRIMITIVES: [sql: string, type: PrimitiveType][] = [
  ['INTEGER', 'int'],
  ['BIGINT', 'long'],
  ['DATE', 'date'],
  ['TIME', 'time'],
  ['TIMESTAMP', 'timestamp'],
  ['TIMESTAMPTZ', 'timestamptz'],
  ['TIMESTAMP_NS', 'timestamp_ns'],
  ['VARCHAR', 'string'],
  ['UUID', 'uuid'],
  ['BLOB', 'binary'],
];

/** Only the number of digits behind the point matters to the hash, and the value has it. */
const DECIMAL: Type = { kind: 'decimal', precision: 38, scale: 0 };

interface Overload {
  /** Of the value; undefined for all others. */
  type?: string;
  body: string;
}

const BUCKET: Overload[] = [
  ...PRIMITIVES.map(([sql, type]) => ({ type: sql, body: bucket({ kind: 'primitive', type }) })),
  { body: bucketOfOthers() },
];

const TRUNCATE: Overload[] = [
  { type: 'INTEGER', body: `CAST(${multiple()} AS INTEGER)` },
  { type: 'BIGINT', body: `CAST(${multiple()} AS BIGINT)` },
  { type: 'VARCHAR', body: `left(${VALUE}, ${PARAMETER})` },
  { type: 'BLOB', body: `array_slice(${VALUE}, 1, ${PARAMETER})` },
];

const FUNCTIONS = [definition('iceberg_bucket', BUCKET), definition('iceberg_truncate', TRUNCATE)];

function bucket(type: Type): string {
  return `CAST(${bucketExpression(VALUE, type, PARAMETER)} AS INTEGER)`;
}

/** Decimals of any size, moments in nanoseconds, which are a type without overloads of its own, and an error for what has no bucket. */
function bucketOfOthers(): string {
  const type = `typeof(${VALUE})`;
  const clock = `CAST(CAST(${VALUE} AS VARIANT) AS TIMESTAMP_NS)`;
  const moment = bucketExpression(clock, { kind: 'primitive', type: 'timestamp_ns' }, PARAMETER);
  return `CASE WHEN ${VALUE} IS NULL THEN NULL
    WHEN ${type} = 'timestamptz_ns' THEN CAST(${moment} AS INTEGER)
    WHEN ${type} = 'HUGEINT' OR starts_with(${type}, 'DECIMAL') THEN ${bucket(DECIMAL)}
    ELSE error('iceberg_bucket takes no ' || ${type}) END`;
}

/** The greatest multiple that is not above the value. */
function multiple(): string {
  const value = `CAST(${VALUE} AS HUGEINT)`;
  return `${value} - ((${value} % ${PARAMETER}) + ${PARAMETER}) % ${PARAMETER}`;
}

function definition(name: string, overloads: readonly Overload[]): FunctionDefinition {
  const refusal = `error('The first argument of ${name} is a positive number')`;
  return {
    name,
    overloads: overloads.map(({ type, body }) => ({
      parameters: [PARAMETER, type === undefined ? VALUE : { name: VALUE, type }],
      body: `CASE WHEN ${PARAMETER} <= 0 THEN ${refusal} ELSE ${body} END`,
    })),
  };
}
