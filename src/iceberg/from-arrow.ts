/** Arrow schemas as Iceberg schemas, for CREATE TABLE AS and bulk ingest. */
import { type Schema as ArrowSchema, DataType, type Field, TimeUnit, Type as TypeId } from 'apache-arrow';
import { SkuaError } from '../errors.js';
import { EXTENSION_NAME_KEY } from './arrow-field.js';
import { assignFieldIds } from './field-ids.js';
import { spatialType } from './geoarrow.js';
import type { NestedField, PrimitiveType, Schema, Type } from './types.js';

/** What a column's type is called, in results too. */
const TYPE_NAME_KEY = 'ARROW:FLIGHT:SQL:TYPE_NAME';

export interface FromArrowOptions {
  /** The first field id to give; default 1. */
  firstFieldId?: number;
  /** Format version of the table, default 2. Nanoseconds stay exact from version 3; before, they become microseconds, and spatial values bytes. */
  formatVersion?: 1 | 2 | 3 | undefined;
}

/**
 * The narrowest Iceberg type that holds every value of the Arrow type; fresh field ids. An Arrow type without counterpart (union,
 * interval, duration, decimal of more than 38 digits): INVALID_ARGUMENT naming the column.
 */
export function arrowToSchema(schema: ArrowSchema, options: FromArrowOptions = {}): Schema {
  const formatVersion = options.formatVersion ?? 2;
  const fields = schema.fields.map((field) => toNestedField(field, formatVersion, field.name));
  return { schemaId: 0, fields: assignFieldIds(fields, options.firstFieldId), identifierFieldIds: [] };
}

function toNestedField(field: Field, version: number, path: string): NestedField {
  if (field.name === '') throw new SkuaError('INVALID_ARGUMENT', `A column or field has an empty name: "${path}"`);
  return { id: 0, name: field.name, required: !field.nullable, type: toType(field, field.type, version, path) };
}

function toType(field: Field, type: DataType, version: number, path: string): Type {
  const extension = field.metadata.get(EXTENSION_NAME_KEY);
  if (extension === 'arrow.uuid') return primitive('uuid');
  if (extension === 'arrow.bool8') return primitive('boolean');
  if (extension === 'arrow.parquet.variant' || field.metadata.get(TYPE_NAME_KEY) === 'VARIANT') {
    if (version >= 3) return primitive('variant');
    throw new SkuaError(
      'INVALID_ARGUMENT',
      `Column "${path}" is a variant, which tables have from format version 3 on (TBLPROPERTIES ('format-version' = '3'))`,
    );
  }
  const spatial = version >= 3 ? spatialType(field) : undefined;
  if (spatial) return spatial;
  if (DataType.isNull(type)) return primitive(version >= 3 ? 'unknown' : 'string');
  if (DataType.isBool(type)) return primitive('boolean');
  if (DataType.isInt(type)) {
    if (type.bitWidth < 32 || (type.bitWidth === 32 && type.isSigned)) return primitive('int');
    return type.bitWidth === 64 && !type.isSigned ? { kind: 'decimal', precision: 20, scale: 0 } : primitive('long');
  }
  if (DataType.isFloat(type)) return primitive(type.precision === 2 ? 'double' : 'float');
  if (DataType.isDecimal(type)) {
    if (type.precision > 38 || type.scale < 0 || type.scale > type.precision) throw unsupported(type, path);
    return { kind: 'decimal', precision: type.precision, scale: type.scale };
  }
  if (DataType.isDate(type)) return primitive('date');
  if (DataType.isTime(type)) return primitive('time');
  if (DataType.isTimestamp(type)) return primitive(timestampOf(type.unit, Boolean(type.timezone), version));
  if (DataType.isUtf8(type) || DataType.isLargeUtf8(type) || type.typeId === TypeId.Utf8View)
    return primitive('string');
  if (DataType.isBinary(type) || DataType.isLargeBinary(type) || type.typeId === TypeId.BinaryView) {
    return primitive('binary');
  }
  if (DataType.isFixedSizeBinary(type)) return { kind: 'fixed', length: type.byteWidth };
  if (DataType.isDictionary(type)) return toType(field, type.dictionary, version, path);
  if (DataType.isStruct(type)) {
    if (type.children.length === 0) throw unsupported(type, path);
    return {
      kind: 'struct',
      fields: type.children.map((child) => toNestedField(child, version, `${path}.${child.name}`)),
    };
  }
  if (DataType.isMap(type)) {
    const [key, value] = (type.children[0] as Field<import('apache-arrow').Struct>).type.children;
    if (!key || !value) throw unsupported(type, path);
    return {
      kind: 'map',
      keyId: 0,
      key: toType(key, key.type, version, `${path}.key`),
      valueId: 0,
      valueRequired: !value.nullable,
      value: toType(value, value.type, version, `${path}.value`),
    };
  }
  if (DataType.isList(type) || DataType.isFixedSizeList(type) || type.typeId === TypeId.LargeList) {
    const element = (type as DataType).children[0] as Field;
    return {
      kind: 'list',
      elementId: 0,
      elementRequired: !element.nullable,
      element: toType(element, element.type, version, `${path}.element`),
    };
  }
  throw unsupported(type, path);
}

function primitive(type: PrimitiveType): Type {
  return { kind: 'primitive', type };
}

function timestampOf(unit: TimeUnit, hasZone: boolean, version: number): PrimitiveType {
  const nanoseconds = unit === TimeUnit.NANOSECOND && version >= 3;
  if (hasZone) return nanoseconds ? 'timestamptz_ns' : 'timestamptz';
  return nanoseconds ? 'timestamp_ns' : 'timestamp';
}

function unsupported(type: DataType, path: string): SkuaError {
  return new SkuaError('INVALID_ARGUMENT', `Column "${path}": the Arrow type ${type} has no Iceberg counterpart`);
}
