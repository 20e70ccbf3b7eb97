import { DataType, type Field, TimeUnit, Type } from 'apache-arrow';
import { columnsOf, valueReader } from '../../../../arrow/index.js';
import { SkuaError } from '../../../../errors.js';
import type { ParameterRow } from '../../contract.js';
import type { Statement } from '../native/database.js';
import { duckdb, type Pointer } from '../native/library.js';
import { addressOf, pointerList, Slot } from '../native/memory.js';
import { zonedNanosecondsType } from '../native/named-types.js';
import { type TypedText, typedText } from '../parsing/parameter-types.js';
import { checkDecimal, childOf, entryFields, isUuid, isVariant, isZonedNanoseconds, sqlTypeOf } from './sql-type.js';

/** The text of a statement with its parameters cast as a row of values says; by default to the types of the values. */
export function textFor(sql: string, parameters: ParameterRow | undefined, prefix = ''): TypedText {
  return typedText(sql, parameters?.types ?? parameters?.schema.fields.map(ownType), prefix);
}

/** The SQL type of bound values; undefined where all are null. */
export function ownType(field: Field): string | undefined {
  return DataType.isNull(field.type) ? undefined : sqlTypeOf(field);
}

/** Binds one row of values to a statement's parameters. A different number of values: INVALID_ARGUMENT. */
export function bindParameters(statement: Statement, parameters: ParameterRow | undefined): void {
  const library = duckdb();
  const expected = library.duckdb_nparams(statement.pointer);
  const given = parameters?.schema.fields.length ?? 0;
  if (expected !== given) {
    throw new SkuaError('INVALID_ARGUMENT', `the statement has ${expected} parameters, but ${given} values are bound`);
  }
  if (!parameters) return;
  const columns = columnsOf(parameters.schema, parameters.batch);
  for (const [index, field] of parameters.schema.fields.entries()) {
    const column = columns[index];
    const value = createValue(field, column ? valueReader(column)(parameters.index) : null);
    try {
      if (library.duckdb_bind_value(statement.pointer, index + 1, value) !== 0) {
        throw new SkuaError('INVALID_ARGUMENT', `the value of parameter ${index + 1} cannot be bound`);
      }
    } finally {
      library.duckdb_destroy_value(Slot.holding(value).memory);
    }
  }
}

/** A DuckDB value from a JavaScript value in the conventions of `valueReader`. The caller destroys it. */
function createValue(field: Field, value: unknown): Pointer {
  const library = duckdb();
  const { type } = field;
  if (value === null || value === undefined || DataType.isNull(type)) return library.duckdb_create_null_value();
  if (isVariant(field)) {
    throw new SkuaError(
      'UNIMPLEMENTED',
      'variants cannot be bound as bytes; bind JSON text and cast it: CAST(? AS JSON)',
    );
  }
  if (DataType.isBool(type)) return library.duckdb_create_bool(value === true);
  if (DataType.isInt(type)) return createInteger(type.bitWidth, type.isSigned, value as number | bigint);
  if (DataType.isFloat(type)) {
    return type.precision === 2
      ? library.duckdb_create_double(value as number)
      : library.duckdb_create_float(value as number);
  }
  if (DataType.isDecimal(type)) {
    checkDecimal(type);
    const words = hugeint(value as bigint);
    return library.duckdb_create_decimal({ width: type.precision, scale: type.scale, value: words });
  }
  if (DataType.isUtf8(type) || DataType.isLargeUtf8(type)) {
    const bytes = Buffer.from(value as string);
    return library.duckdb_create_varchar_length(atLeastOne(bytes), bytes.length);
  }
  if (isUuid(field)) return createUuid(value as Uint8Array);
  if (value instanceof Uint8Array) return library.duckdb_create_blob(atLeastOne(value), value.length);
  return createTemporal(type, value) ?? createNested(type, value);
}

function createInteger(bits: number, signed: boolean, value: number | bigint): Pointer {
  const library = duckdb();
  if (bits === 64) return signed ? library.duckdb_create_int64(value) : library.duckdb_create_uint64(value);
  const number = Number(value);
  if (bits === 32) return signed ? library.duckdb_create_int32(number) : library.duckdb_create_uint32(number);
  if (bits === 16) return signed ? library.duckdb_create_int16(number) : library.duckdb_create_uint16(number);
  return signed ? library.duckdb_create_int8(number) : library.duckdb_create_uint8(number);
}

function createTemporal(type: DataType, value: unknown): Pointer | undefined {
  const library = duckdb();
  if (DataType.isDate(type)) {
    return library.duckdb_create_date(type.unit === 0 ? Number(value) : Math.floor(Number(value) / 86_400_000));
  }
  if (DataType.isTime(type)) {
    if (type.unit === TimeUnit.NANOSECOND) return library.duckdb_create_time_ns(BigInt(value as number));
    return library.duckdb_create_time(microseconds(type.unit, value as number | bigint));
  }
  if (DataType.isTimestamp(type)) {
    const units = BigInt(value as number);
    if (type.timezone && type.unit === TimeUnit.NANOSECOND) return createMoment(units);
    if (type.timezone) return library.duckdb_create_timestamp_tz(microseconds(type.unit, units));
    if (type.unit === TimeUnit.SECOND) return library.duckdb_create_timestamp_s(units);
    if (type.unit === TimeUnit.MILLISECOND) return library.duckdb_create_timestamp_ms(units);
    if (type.unit === TimeUnit.NANOSECOND) return library.duckdb_create_timestamp_ns(units);
    return library.duckdb_create_timestamp(units);
  }
  if (DataType.isDuration(type)) {
    const micros = microseconds(type.unit, value as number | bigint);
    return library.duckdb_create_interval({ months: 0, days: 0, micros });
  }
  if (DataType.isInterval(type)) {
    const parts = Array.isArray(value) ? (value as (number | bigint)[]) : [value as number];
    const months = type.unit === 1 ? 0 : Number(parts[0]);
    const days = type.unit === 1 ? Number(parts[0]) : Number(parts[1] ?? 0);
    const micros = type.unit === 1 ? BigInt(parts[1] ?? 0) * 1000n : BigInt(parts[2] ?? 0) / 1000n;
    return library.duckdb_create_interval({ months, days, micros });
  }
  return undefined;
}

/** A value of a named type can only be had as part of another value, which casts a text to it. */
function createMoment(nanoseconds: bigint): Pointer {
  const library = duckdb();
  const moment = zonedNanosecondsType();
  const name = Buffer.from('moment\0');
  const struct = library.duckdb_create_struct_type(pointerList([moment]), pointerList([addressOf(name)]), 1);
  const text = Buffer.from(clockText(nanoseconds));
  const clock = library.duckdb_create_varchar_length(text, text.length);
  const value = library.duckdb_create_struct_value(struct, pointerList([clock]));
  try {
    if (value === 0) throw new SkuaError('INVALID_ARGUMENT', `the moment ${text} is out of range`);
    return library.duckdb_get_struct_child(value, 0);
  } finally {
    if (value !== 0) library.duckdb_destroy_value(Slot.holding(value).memory);
    library.duckdb_destroy_value(Slot.holding(clock).memory);
    for (const type of [struct, moment]) library.duckdb_destroy_logical_type(Slot.holding(type).memory);
  }
}

const LAST = (1n << 63n) - 1n;

/** `YYYY-MM-DDThh:mm:ss.nnnnnnnnn`, in UTC; what the engine takes for infinity, by that name. */
function clockText(nanoseconds: bigint): string {
  if (nanoseconds === LAST || nanoseconds === -LAST) return nanoseconds > 0n ? 'infinity' : '-infinity';
  const fraction = ((nanoseconds % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  const seconds = Number((nanoseconds - fraction) / 1_000_000_000n);
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${fraction.toString().padStart(9, '0')}`;
}

function microseconds(unit: TimeUnit, value: number | bigint): bigint {
  const units = BigInt(value);
  if (unit === TimeUnit.SECOND) return within64(units * 1_000_000n);
  if (unit === TimeUnit.MILLISECOND) return within64(units * 1000n);
  if (unit === TimeUnit.MICROSECOND) return units;
  // Towards the past, as a finer time stands for the coarser one that it lies in.
  return units >= 0n ? units / 1000n : -((-units + 999n) / 1000n);
}

function within64(micros: bigint): bigint {
  if (BigInt.asIntN(64, micros) === micros) return micros;
  throw new SkuaError('INVALID_ARGUMENT', 'a time that is bound lies beyond what 64 bits of microseconds reach');
}

function createNested(type: DataType, value: unknown): Pointer {
  const library = duckdb();
  if (DataType.isStruct(type)) {
    const fields: Field[] = type.children;
    const object = value as Record<string, unknown>;
    const children = fields.map((field) => createValue(field, object[field.name]));
    return nested(type, [children], (logical, [values]) => library.duckdb_create_struct_value(logical, values));
  }
  if (DataType.isMap(type)) {
    const [keyField, valueField] = entryFields(type);
    const entries = value as [unknown, unknown][];
    const keys = entries.map(([key]) => createValue(keyField, key));
    const values = entries.map(([, item]) => createValue(valueField, item));
    return nested(type, [keys, values], (logical, [keyList, valueList]) =>
      library.duckdb_create_map_value(logical, keyList, valueList, entries.length),
    );
  }
  if (!Array.isArray(value)) throw new SkuaError('UNIMPLEMENTED', `values of the type ${type} cannot be bound`);
  const element = childOf(type);
  const items = value.map((item) => createValue(element, item));
  return nested(
    element.type,
    [items],
    (logical, [values]) => {
      if (DataType.isFixedSizeList(type)) return library.duckdb_create_array_value(logical, values, items.length);
      return library.duckdb_create_list_value(logical, values, items.length);
    },
    element,
  );
}

function nested(
  type: DataType,
  lists: Pointer[][],
  create: (logical: Pointer, lists: [Buffer, Buffer]) => Pointer,
  field?: Field,
): Pointer {
  const library = duckdb();
  const logical = createLogicalType(type, field);
  const [first, second] = lists.map(pointerList);
  try {
    const value = create(logical, [first as Buffer, second ?? (first as Buffer)]);
    if (value === 0) throw new SkuaError('INVALID_ARGUMENT', `a value of the type ${type} cannot be bound`);
    return value;
  } finally {
    library.duckdb_destroy_logical_type(Slot.holding(logical).memory);
    for (const pointer of lists.flat()) library.duckdb_destroy_value(Slot.holding(pointer).memory);
  }
}

const simpleIds: [(type: DataType) => boolean, number][] = [
  [DataType.isBool, 1],
  [DataType.isUtf8, 17],
  [DataType.isLargeUtf8, 17],
  [DataType.isDate, 13],
  [DataType.isDuration, 15],
  [DataType.isInterval, 15],
  [DataType.isNull, 4],
];

function createLogicalType(type: DataType, field?: Field): Pointer {
  const library = duckdb();
  if (DataType.isDecimal(type)) {
    checkDecimal(type);
    return library.duckdb_create_decimal_type(type.precision, type.scale);
  }
  if (DataType.isStruct(type)) {
    const fields: Field[] = type.children;
    const names = fields.map(({ name }) => Buffer.from(`${name}\0`));
    const types = fields.map((child) => createLogicalType(child.type, child));
    return consuming(types, (list) =>
      library.duckdb_create_struct_type(list, pointerList(names.map(addressOf)), fields.length),
    );
  }
  if (DataType.isMap(type)) {
    const types = entryFields(type).map((child) => createLogicalType(child.type, child));
    return consuming(types, () => library.duckdb_create_map_type(types[0] as Pointer, types[1] as Pointer));
  }
  if (DataType.isFixedSizeList(type)) {
    const child = childOf(type);
    const element = createLogicalType(child.type, child);
    return consuming([element], () => library.duckdb_create_array_type(element, type.listSize));
  }
  if (DataType.isList(type) || type.typeId === Type.LargeList) {
    const child = childOf(type);
    const element = createLogicalType(child.type, child);
    return consuming([element], () => library.duckdb_create_list_type(element));
  }
  if (field && isZonedNanoseconds(field)) return zonedNanosecondsType();
  return library.duckdb_create_logical_type(scalarId(type, field));
}

function scalarId(type: DataType, field: Field | undefined): number {
  if (field && isUuid(field)) return 27;
  const simple = simpleIds.find(([is]) => is(type));
  if (simple) return simple[1];
  if (DataType.isInt(type)) return (type.isSigned ? 2 : 6) + Math.log2(type.bitWidth / 8);
  if (DataType.isFloat(type)) return type.precision === 2 ? 11 : 10;
  if (DataType.isTime(type)) return type.unit === TimeUnit.NANOSECOND ? 39 : 14;
  if (DataType.isTimestamp(type)) return type.timezone ? 31 : ([20, 21, 12, 22][type.unit] as number);
  return 18;
}

function consuming(types: Pointer[], create: (list: Buffer) => Pointer): Pointer {
  try {
    return create(pointerList(types));
  } finally {
    for (const type of types) duckdb().duckdb_destroy_logical_type(Slot.holding(type).memory);
  }
}

function hugeint(value: bigint): { lower: bigint; upper: bigint } {
  return { lower: BigInt.asUintN(64, value), upper: BigInt.asIntN(64, value >> 64n) };
}

function createUuid(bytes: Uint8Array): Pointer {
  return duckdb().duckdb_create_uuid(hugeint(BigInt(`0x${Buffer.from(bytes).toString('hex')}`)));
}

function atLeastOne(bytes: Uint8Array): Uint8Array {
  return bytes.length > 0 ? bytes : new Uint8Array(1);
}
