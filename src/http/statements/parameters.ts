/** Values for parameters, from JSON. Their types are those that JSON has; the statement casts them to what it needs. */
import { Bool, type DataType, Decimal, Field, Float64, Int64, List, Null, Schema, Struct, Utf8 } from 'apache-arrow';
import { type ColumnarBatch, rowsToBatch } from '../../arrow/index.js';
import { SkuaError } from '../../errors.js';

export interface Parameters {
  schema: Schema;
  batches: ColumnarBatch[];
}

/** Rows of as many values as there are parameters. What has no one type in all rows: INVALID_ARGUMENT. */
export function parametersOf(rows: readonly (readonly unknown[])[]): Parameters {
  const width = rows[0]?.length ?? 0;
  if (rows.some((row) => row.length !== width)) {
    throw new SkuaError('INVALID_ARGUMENT', 'the rows of parameters are not all of the same length');
  }
  const fields = Array.from({ length: width }, (_, index) => {
    const values = rows.map((row) => row[index]);
    return new Field(String(index + 1), typeOf(values, `parameter ${index + 1}`), true);
  });
  const schema = new Schema(fields);
  const values = rows.map((row) => row.map((value, index) => stored((fields[index] as Field).type, value)));
  return { schema, batches: [rowsToBatch(schema, values)] };
}

type Kind = 'null' | 'boolean' | 'integer' | 'long' | 'float' | 'text' | 'list' | 'struct';

function typeOf(values: readonly unknown[], what: string): DataType {
  const present = values.filter((value) => value !== null && value !== undefined);
  const kinds = new Set(present.map((value) => kindOf(value, what)));
  if (kinds.has('float') || kinds.has('long')) kinds.delete('integer');
  if (kinds.has('float')) kinds.delete('long');
  const [kind = 'null', ...others] = kinds;
  if (others.length > 0) throw new SkuaError('INVALID_ARGUMENT', `${what} has values of different types`);
  switch (kind) {
    case 'null':
      return new Null();
    case 'boolean':
      return new Bool();
    case 'integer':
      return new Int64();
    case 'long':
      return new Decimal(0, 38, 128);
    case 'float':
      return new Float64();
    case 'text':
      return new Utf8();
    case 'list':
      return new List(new Field('item', typeOf((present as unknown[][]).flat(1), what), true));
    case 'struct': {
      const names = [...new Set(present.flatMap((value) => Object.keys(value as object)))];
      const member = (name: string) => present.map((value) => (value as Record<string, unknown>)[name]);
      return new Struct(names.map((name) => new Field(name, typeOf(member(name), `${what}.${name}`), true)));
    }
  }
}

const MOST_DIGITS = 10n ** 38n;

function kindOf(value: unknown, what: string): Kind {
  switch (typeof value) {
    case 'boolean':
      return 'boolean';
    case 'string':
      return 'text';
    case 'number':
      return Number.isInteger(value) && Math.abs(value) < 2 ** 63 ? 'integer' : 'float';
    case 'bigint':
      if (BigInt.asIntN(64, value) === value) return 'integer';
      if (value < MOST_DIGITS && value > -MOST_DIGITS) return 'long';
      throw new SkuaError('INVALID_ARGUMENT', `${what} has more than 38 digits`);
    default:
      return Array.isArray(value) ? 'list' : 'struct';
  }
}

/** The value in the convention of `rowsToBatch`. */
function stored(type: DataType, value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (type instanceof Decimal) return BigInt(value as bigint | number);
  if (type instanceof Float64) return Number(value);
  const [child] = (type.children ?? []) as Field[];
  if (type instanceof List && child !== undefined) return (value as unknown[]).map((item) => stored(child.type, item));
  if (type instanceof Struct) {
    const record = value as Record<string, unknown>;
    return Object.fromEntries(
      (type.children as Field[]).map(({ name, type: inner }) => [name, stored(inner, record[name])]),
    );
  }
  return value;
}
