/** What the bytes of a Parquet column stand for (Parquet format, "Logical Types"). */
import { compactTypes, type Thrift } from './compact-reader.js';
import { integer, type ThriftField, writeFields } from './thrift-fields.js';
import type { Annotation, PhysicalType, TimeUnit } from './types.js';

const units: readonly TimeUnit[] = ['millis', 'micros', 'nanos'];

/** LogicalType's fields, by their numbers in `parquet.thrift`. */
const logical = { string: 1, map: 2, list: 3, decimal: 5, date: 6, time: 7, timestamp: 8, integer: 10, uuid: 14 };

/** ConvertedType's values, which older writers have in the place of LogicalType. */
const converted = { string: 0, map: 1, mapEntries: 2, list: 3, decimal: 5, date: 6 };

/** The annotation of a SchemaElement. */
export function annotationOf(element: Thrift): Annotation {
  const type = element.field_10 as Thrift | undefined;
  const of = (field: number) => type?.[`field_${field}`] as Thrift | undefined;
  if (of(logical.string)) return { kind: 'string' };
  if (of(logical.map)) return { kind: 'map' };
  if (of(logical.list)) return { kind: 'list' };
  const decimal = of(logical.decimal);
  if (decimal) return { kind: 'decimal', precision: Number(decimal.field_2), scale: Number(decimal.field_1 ?? 0) };
  if (of(logical.date)) return { kind: 'date' };
  for (const kind of ['time', 'timestamp'] as const) {
    const time = of(logical[kind]);
    if (time) return { kind, unit: unitOf(time.field_2 as Thrift), utc: time.field_1 === true };
  }
  const whole = of(logical.integer);
  if (whole) return { kind: whole.field_2 === true ? 'integer' : 'unsigned' };
  if (of(logical.uuid)) return { kind: 'uuid' };
  if (type && Object.keys(type).length > 0) return { kind: 'other' };
  return convertedAnnotation(element);
}

function unitOf(unit: Thrift | undefined): TimeUnit {
  return units[[1, 2, 3].findIndex((field) => unit?.[`field_${field}`])] ?? 'micros';
}

/** Times without LogicalType are instants by the specification, and clock times to the engine. */
function convertedAnnotation(element: Thrift): Annotation {
  const type = element.field_6 as number | undefined;
  switch (type) {
    case undefined:
      return { kind: 'none' };
    case converted.string:
      return { kind: 'string' };
    case converted.map:
    case converted.mapEntries:
      return { kind: 'map' };
    case converted.list:
      return { kind: 'list' };
    case converted.decimal:
      return { kind: 'decimal', precision: Number(element.field_8), scale: Number(element.field_7 ?? 0) };
    case converted.date:
      return { kind: 'date' };
    case 7:
    case 8:
      return { kind: 'time', unit: units[type - 7] as TimeUnit, utc: false };
    case 9:
    case 10:
      return { kind: 'timestamp', unit: units[type - 9] as TimeUnit, utc: false };
  }
  if (type >= 11 && type <= 14) return { kind: 'unsigned' };
  return { kind: type >= 15 && type <= 18 ? 'integer' : 'other' };
}

export function sameAnnotation(one: Annotation, other: Annotation): boolean {
  if (one.kind === 'decimal' && other.kind === 'decimal') {
    return one.precision === other.precision && one.scale === other.scale;
  }
  if ((one.kind === 'time' || one.kind === 'timestamp') && one.kind === other.kind) {
    return one.unit === other.unit && one.utc === other.utc;
  }
  return one.kind === other.kind;
}

/** Whether bytes of that type can stand for it. */
export function canStandFor(physicalType: PhysicalType, length: number | undefined, { kind }: Annotation): boolean {
  const isBytes = physicalType === 'BYTE_ARRAY' || physicalType === 'FIXED_LEN_BYTE_ARRAY';
  switch (kind) {
    case 'string':
      return isBytes;
    case 'uuid':
      return physicalType === 'FIXED_LEN_BYTE_ARRAY' && length === 16;
    case 'decimal':
      return isBytes || physicalType === 'INT32' || physicalType === 'INT64';
    case 'date':
      return physicalType === 'INT32';
    case 'time':
    case 'timestamp':
      return physicalType === 'INT64';
    case 'none':
      return isBytes || physicalType === 'INT32' || physicalType === 'INT64';
    default:
      return false;
  }
}

/** The fields of a SchemaElement with another annotation: ConvertedType and its digits, and LogicalType. */
export function annotated(element: readonly ThriftField[], annotation: Annotation): ThriftField[] {
  const rest = element.filter(({ id }) => id !== 6 && id !== 7 && id !== 8 && id !== 10);
  return [...rest, ...annotationFields(annotation)].sort((one, other) => one.id - other.id);
}

function annotationFields(annotation: Annotation): ThriftField[] {
  const { i32 } = compactTypes;
  const number = (id: number, value: number): ThriftField => ({ id, type: i32, value: integer(value) });
  switch (annotation.kind) {
    case 'string':
    case 'list':
    case 'date':
      return [number(6, converted[annotation.kind]), logicalType(annotation.kind, [])];
    case 'uuid':
      return [logicalType('uuid', [])];
    case 'decimal': {
      const { precision, scale } = annotation;
      const digits = [number(1, scale), number(2, precision)];
      return [number(6, converted.decimal), number(7, scale), number(8, precision), logicalType('decimal', digits)];
    }
    case 'time':
    case 'timestamp': {
      const flag = { id: 1, type: annotation.utc ? compactTypes.true : compactTypes.false, value: new Uint8Array(0) };
      const unit = struct(2, [struct(units.indexOf(annotation.unit) + 1, [])]);
      return [logicalType(annotation.kind, [flag, unit])];
    }
    default:
      return [];
  }
}

function logicalType(kind: keyof typeof logical, fields: readonly ThriftField[]): ThriftField {
  return struct(10, [struct(logical[kind], fields)]);
}

function struct(id: number, fields: readonly ThriftField[]): ThriftField {
  return { id, type: compactTypes.struct, value: writeFields(fields) };
}
