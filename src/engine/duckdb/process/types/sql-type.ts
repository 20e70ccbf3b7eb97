import { DataType, type Decimal, type Field, IntervalUnit, Precision, TimeUnit, Type } from 'apache-arrow';
import { SkuaError } from '../../../../errors.js';
import { isTime, type Literal, timeSql } from '../../../../expressions/index.js';
import { zonedNanoseconds } from '../native/named-types.js';
import { quoteIdentifier, quoteText, textSql } from '../native/text.js';

/**
 * The DuckDB type for a field, as SQL. A type that DuckDB lacks: UNIMPLEMENTED.
 *
 * @param fixed what bytes of one length are called; BLOB everywhere but in the planner
 */
export function sqlTypeOf(field: Field, fixed: (width: number) => string = () => 'BLOB'): string {
  const { type } = field;
  const of = (child: Field) => sqlTypeOf(child, fixed);
  if (isVariant(field)) return 'VARIANT';
  if (isUuid(field)) return 'UUID';
  if (isSpatial(field)) return 'GEOMETRY';
  if (DataType.isFixedSizeBinary(type)) return fixed(type.byteWidth);
  if (DataType.isDictionary(type)) return of(field.clone({ type: type.dictionary }));
  if (DataType.isDecimal(type)) {
    checkDecimal(type);
    return `DECIMAL(${type.precision},${type.scale})`;
  }
  if (DataType.isStruct(type)) {
    return `STRUCT(${type.children.map((child) => `${quoteIdentifier(child.name)} ${of(child)}`).join(', ')})`;
  }
  if (DataType.isMap(type)) {
    const [key, value] = entryFields(type);
    return `MAP(${of(key)}, ${of(value)})`;
  }
  if (DataType.isFixedSizeList(type)) return `${of(childOf(type))}[${type.listSize}]`;
  if (DataType.isList(type) || type.typeId === Type.LargeList) return `${of(childOf(type))}[]`;
  const name = scalarType(type);
  if (name === undefined) throw new SkuaError('UNIMPLEMENTED', `the type ${type} of ${field.name} is not supported`);
  return name;
}

function scalarType(type: DataType): string | undefined {
  if (DataType.isNull(type)) return 'INTEGER';
  if (DataType.isBool(type)) return 'BOOLEAN';
  if (DataType.isInt(type)) {
    const name = { 8: 'TINYINT', 16: 'SMALLINT', 32: 'INTEGER', 64: 'BIGINT' }[type.bitWidth as 8 | 16 | 32 | 64];
    return type.isSigned ? name : `U${name}`;
  }
  if (DataType.isFloat(type)) return type.precision === Precision.DOUBLE ? 'DOUBLE' : 'FLOAT';
  if (DataType.isUtf8(type) || DataType.isLargeUtf8(type)) return 'VARCHAR';
  if (DataType.isBinary(type) || DataType.isLargeBinary(type)) return 'BLOB';
  if (DataType.isDate(type)) return 'DATE';
  if (DataType.isTime(type)) return type.unit === TimeUnit.NANOSECOND ? 'TIME_NS' : 'TIME';
  if (DataType.isTimestamp(type)) {
    if (type.timezone) return type.unit === TimeUnit.NANOSECOND ? zonedNanoseconds : 'TIMESTAMPTZ';
    return ['TIMESTAMP_S', 'TIMESTAMP_MS', 'TIMESTAMP', 'TIMESTAMP_NS'][type.unit];
  }
  if (DataType.isInterval(type)) return IntervalUnit[type.unit] === undefined ? undefined : 'INTERVAL';
  if (DataType.isDuration(type)) return 'INTERVAL';
  return undefined;
}

/** A decimal that DuckDB lacks, which it may not even be asked for: UNIMPLEMENTED. */
export function checkDecimal({ precision, scale }: Decimal): void {
  if (precision >= 1 && precision <= 38 && scale >= 0 && scale <= precision) return;
  throw new SkuaError(
    'UNIMPLEMENTED',
    `decimals of ${precision} digits, ${scale} of them behind the point, are not supported: 1 to 38 digits are, with 0 to that many behind it`,
  );
}

/** A point in time in nanoseconds, with a zone or without. */
export function isNanosecondTimestamp({ type }: Field): boolean {
  return DataType.isTimestamp(type) && type.unit === TimeUnit.NANOSECOND;
}

/** A moment in nanoseconds. */
export function isZonedNanoseconds({ type }: Field): boolean {
  return DataType.isTimestamp(type) && type.unit === TimeUnit.NANOSECOND && Boolean(type.timezone);
}

export function isUuid(field: Field): boolean {
  return (
    DataType.isFixedSizeBinary(field.type) &&
    field.type.byteWidth === 16 &&
    field.metadata.get('ARROW:extension:name') === 'arrow.uuid'
  );
}

/** The Arrow extension type of variants: a struct of their metadata and value. */
export function isVariant(field: Field): boolean {
  return DataType.isStruct(field.type) && field.metadata.get('ARROW:extension:name') === 'arrow.parquet.variant';
}

/** Text that is known to be JSON. */
export function isJson(field: Field): boolean {
  return DataType.isUtf8(field.type) && field.metadata.get('ARROW:extension:name') === 'arrow.json';
}

/** Bytes that are well-known binary. */
export function isSpatial(field: Field): boolean {
  return DataType.isBinary(field.type) && field.metadata.get('ARROW:extension:name') === 'geoarrow.wkb';
}

export function childOf(type: DataType): Field {
  const child = (type.children as Field[] | undefined)?.[0];
  if (!child) throw new SkuaError('INVALID_ARGUMENT', `the type ${type} has no element type`);
  return child;
}

/** Key and value of a map. */
export function entryFields(type: DataType): [Field, Field] {
  const [key, value] = (childOf(type).type.children ?? []) as Field[];
  if (!key || !value) throw new SkuaError('INVALID_ARGUMENT', 'a map type lacks its key or value');
  return [key, value];
}

/** A literal as an SQL expression of the given type. */
export function literalSql(literal: Literal | null | undefined, type: string): string {
  if (!literal) return `CAST(NULL AS ${type})`;
  if (literal.type === 'binary') return `CAST(unhex(${quoteText(literal.text)}) AS ${type})`;
  if (isTime(literal)) return timeSql(literal, type);
  return `CAST(${textSql(literal.text)} AS ${type})`;
}
