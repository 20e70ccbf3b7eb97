/** Parameters as a record batch of the types that their values have; the server casts them to what the statement takes, where nothing gets lost. */
import {
  Binary,
  Bool,
  type DataType,
  Decimal,
  Field,
  Float64,
  Int64,
  List,
  Null,
  Schema,
  Struct,
  TimestampMillisecond,
  Utf8,
} from 'apache-arrow';
import { type ColumnarBatch, rowsToBatch } from '../arrow/index.js';
import { SkuaError } from '../errors.js';

/**
 * What can be bound: whole numbers and bigints as BIGINT (bigints beyond it as DECIMAL(38, 0)), other numbers as DOUBLE, `Date`s as TIMESTAMP WITH TIME ZONE,
 * `Uint8Array`s as BLOB, arrays as lists, objects as structs. For dates, times, decimals and UUIDs, write a string.
 */
export type Parameter =
  | null
  | undefined
  | boolean
  | number
  | bigint
  | string
  | Date
  | Uint8Array
  | readonly Parameter[]
  | { readonly [name: string]: Parameter };

export type Parameters = readonly Parameter[];

/** @throws SkuaError INVALID_ARGUMENT: rows of different lengths, values of different kinds in one column, a value that nothing can hold. */
export function parametersToBatch(rows: readonly Parameters[]): { schema: Schema; batch: ColumnarBatch } {
  const width = rows[0]?.length ?? 0;
  if (rows.some((row) => row.length !== width)) {
    throw new SkuaError('INVALID_ARGUMENT', 'The rows of parameters have different numbers of values.');
  }
  const columns = Array.from({ length: width }, (_, column) => {
    const values = rows.map((row) => row[column]);
    const type = typeOf(values, `Parameter ${column + 1}`);
    return { field: new Field(`${column + 1}`, type, true), values: values.map(toArrow) };
  });
  const schema = new Schema(columns.map(({ field }) => field));
  const transposed = rows.map((_, row) => columns.map(({ values }) => values[row]));
  return { schema, batch: rowsToBatch(schema, transposed) };
}

type Kind = 'boolean' | 'number' | 'bigint' | 'string' | 'date' | 'bytes' | 'list' | 'struct';

function typeOf(values: readonly Parameter[], name: string): DataType {
  const present = values.filter((value) => value !== null && value !== undefined);
  const kinds = new Set(present.map((value) => kindOf(value, name)));
  if (kinds.has('bigint')) kinds.delete('number');
  const [kind, ...others] = kinds;
  if (others.length > 0) {
    throw new SkuaError('INVALID_ARGUMENT', `${name} has values of different kinds: ${[...kinds].join(', ')}.`);
  }
  switch (kind) {
    case 'boolean':
      return new Bool();
    case 'string':
      return new Utf8();
    case 'date':
      return new TimestampMillisecond('UTC');
    case 'bytes':
      return new Binary();
    case 'number':
      return present.every(isWhole) ? new Int64() : new Float64();
    case 'bigint':
      return wholeType(present as (number | bigint)[], name);
    case 'list':
      return new List(new Field('item', typeOf((present as Parameter[][]).flat(1), name), true));
    case 'struct':
      return structType(present as Record<string, Parameter>[], name);
    default:
      return new Null();
  }
}

function kindOf(value: Parameter, name: string): Kind {
  switch (typeof value) {
    case 'boolean':
    case 'number':
    case 'bigint':
    case 'string':
      return typeof value as Kind;
    case 'object':
      if (value instanceof Uint8Array) return 'bytes';
      if (Array.isArray(value)) return 'list';
      if (value instanceof Date) {
        if (Number.isNaN(value.getTime())) throw new SkuaError('INVALID_ARGUMENT', `${name} is an invalid date.`);
        return 'date';
      }
      if (value !== null && [Object.prototype, null].includes(Object.getPrototypeOf(value))) return 'struct';
  }
  throw new SkuaError('INVALID_ARGUMENT', `${name} is a ${describe(value)}, which can't be bound.`);
}

/** Minus zero is no integer: its sign would get lost. */
function isWhole(value: Parameter): value is number {
  return Number.isSafeInteger(value) && !Object.is(value, -0);
}

function describe(value: unknown): string {
  return typeof value === 'object' && value !== null ? value.constructor.name : typeof value;
}

function wholeType(values: readonly (number | bigint)[], name: string): DataType {
  let fits = true;
  for (const value of values) {
    if (typeof value === 'number' && !Number.isSafeInteger(value)) {
      throw new SkuaError('INVALID_ARGUMENT', `${name} has bigints and numbers that are not whole.`);
    }
    const whole = BigInt(value);
    if (BigInt.asIntN(64, whole) !== whole) fits = false;
    if (whole <= -(10n ** 38n) || whole >= 10n ** 38n) {
      throw new SkuaError('INVALID_ARGUMENT', `${name} has a number of more than 38 digits.`);
    }
  }
  return fits ? new Int64() : new Decimal(0, 38, 128);
}

function structType(values: readonly Record<string, Parameter>[], name: string): DataType {
  const members = [...new Set(values.flatMap(Object.keys))];
  const fields = members.map((member) => {
    const type = typeOf(
      values.map((value) => value[member]),
      `${name}, member ${member},`,
    );
    return new Field(member, type, true);
  });
  return new Struct(fields);
}

/** In the conventions of `rowsToBatch`. */
function toArrow(value: Parameter): unknown {
  if (value instanceof Date) return BigInt(value.getTime());
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) {
    // Whole numbers go into columns of bigints, of which some hold decimals.
    return isWhole(value) ? BigInt(value) : value;
  }
  if (Array.isArray(value)) return value.map(toArrow);
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, toArrow(member)]));
}
