/** Types of partition values, and the values in other forms. */
import { SkuaError } from '../errors.js';
import type { Literal } from '../expressions/index.js';
import { fieldsById } from './schema.js';
import { currentSchema } from './snapshots.js';
import { parseTransform, resultTypeOf } from './transforms/transform.js';
import type { NestedField, PartitionSpec, PartitionValue, TableMetadata, Type } from './types.js';
import type { Value } from './values/single-value.js';
import { formatValue, parseValue, valueToLiteral } from './values/text-value.js';

/** Every column that the table ever had, by field id, as its newest schema has it. */
export function allColumns(metadata: TableMetadata): Map<number, NestedField> {
  const columns = new Map<number, NestedField>();
  const schemas = [...metadata.schemas].sort((left, right) => left.schemaId - right.schemaId);
  for (const schema of [...schemas, currentSchema(metadata)]) {
    for (const [id, field] of fieldsById(schema.fields)) columns.set(id, field);
  }
  return columns;
}

/** The result types of a spec's fields, those of dropped source columns included. */
export function partitionTypes(metadata: TableMetadata, spec: PartitionSpec): Type[] {
  const columns = allColumns(metadata);
  return spec.fields.map((field) => {
    const source = columns.get(field.sourceIds[0] ?? -1);
    return source ? resultTypeOf(field.transform, source.type) : { kind: 'primitive', type: 'string' };
  });
}

/** The value of an identity partition field as a literal of its source column; null stays null. One of another type: DATA_LOSS. */
export function partitionLiteral(metadata: TableMetadata, sourceId: number, value: PartitionValue): Literal | null {
  const source = allColumns(metadata).get(sourceId);
  if (value === null || !source) return null;
  // Dates in the partition of a column of timestamps, say, which no widening may leave behind.
  if (isTimeOf(source.type) && typeof value !== 'bigint') {
    const what = `the type of "${source.name}", which it is a partition value of`;
    throw new SkuaError('DATA_LOSS', `The table metadata is malformed: ${String(value)} is not of ${what}`);
  }
  return valueToLiteral(source.type, value) ?? null;
}

function isTimeOf(type: Type): boolean {
  return type.kind === 'primitive' && type.type.startsWith('time');
}

/**
 * A partition value, or a bound, from the text of the engine that wrote it. Days, which are of type date, may come as dates or as days since
 * 1970-01-01, times in nanoseconds as their number. Undefined where the text does not fit the type.
 */
export function parseWrittenValue(type: Type, text: string): Value | undefined {
  if (type.kind === 'primitive' && /^-?\d+$/.test(text)) {
    if (type.type === 'date') return Number(text);
    if (type.type === 'timestamp_ns' || type.type === 'timestamptz_ns') return BigInt(text);
  }
  return parseValue(type, text);
}

/** Whether a value is one of its type; transforms may lead out of it: `truncate` of a decimal to one of more digits, `hour` beyond 32 bits. */
export function isOfType(type: Type, value: Value): boolean {
  if (type.kind === 'decimal') {
    const beyond = 10n ** BigInt(type.precision);
    return -beyond < (value as bigint) && (value as bigint) < beyond;
  }
  if (type.kind !== 'primitive') return true;
  if (type.type === 'int') return BigInt.asIntN(32, BigInt(value as number)) === BigInt(value as number);
  return type.type !== 'long' || BigInt.asIntN(64, BigInt(value as bigint)) === BigInt(value as bigint);
}

/** A partition value as it stands in file paths: `2020`, `2020-01`, `2020-01-31`, `2020-01-31-23`. */
export function partitionText(transform: string, type: Type, value: PartitionValue): string {
  if (value === null) return 'null';
  const date = (days: number) => formatValue({ kind: 'primitive', type: 'date' }, days);
  const units = Number(value);
  switch (parseTransform(transform).kind) {
    case 'year':
      return String(units + 1970).padStart(4, '0');
    case 'month':
      return `${String(Math.floor(units / 12) + 1970).padStart(4, '0')}-${String((((units % 12) + 12) % 12) + 1).padStart(2, '0')}`;
    case 'day':
      return date(units);
    case 'hour':
      return `${date(Math.floor(units / 24))}-${String(((units % 24) + 24) % 24).padStart(2, '0')}`;
    default:
      if (value instanceof Uint8Array && !(type.kind === 'primitive' && type.type === 'uuid')) {
        return Buffer.from(value).toString('base64');
      }
      return formatValue(type, value);
  }
}

/** One text for each distinct tuple: NaNs are one value, and -0 is not 0. */
export function partitionKey(tuple: readonly PartitionValue[]): string {
  return tuple
    .map((value) => {
      if (value instanceof Uint8Array) return `x${Buffer.from(value).toString('hex')}`;
      if (Object.is(value, -0)) return '-0';
      return typeof value === 'string' ? JSON.stringify(value) : String(value);
    })
    .join(',');
}
