/** Data files that others wrote, as entries of a table (Iceberg spec, "Manifests", `data_file`). */
import type { PhysicalColumn } from '../../expressions/index.js';
import type { Annotation, ColumnChunk, ParquetFooter } from '../../parquet/index.js';
import { fieldPath } from '../evolution/tree.js';
import { fieldsById } from '../schema.js';
import { currentSchema } from '../snapshots.js';
import type { DataFile, NestedField, PartitionValue, TableMetadata, Type } from '../types.js';
import { signedBigEndian, type Value } from '../values/single-value.js';
import { columnBound } from './column-bound.js';
import { metricsMode } from './metrics-mode.js';

export interface ImportedFile {
  location: string;
  footer: ParquetFooter;
  /** The footer's columns with the table's field ids. */
  columns: readonly PhysicalColumn[];
  specId: number;
  partition: PartitionValue[];
}

/** With the counts and bounds that its footer tells for certain, as far as the metrics mode of each column wants them. */
export function dataFileFromFooter(
  { location, footer, columns, specId, partition }: ImportedFile,
  metadata: TableMetadata,
): DataFile {
  const { fields } = currentSchema(metadata);
  const known = fieldsById(fields);
  const file = {
    content: 'data' as const,
    location,
    format: 'parquet' as const,
    specId,
    partition,
    recordCount: footer.rowCount,
    fileSize: footer.fileSize,
    columnSizes: new Map<number, number>(),
    valueCounts: new Map<number, number>(),
    nullCounts: new Map<number, number>(),
    lowerBounds: new Map<number, Uint8Array>(),
    upperBounds: new Map<number, Uint8Array>(),
    splitOffsets: footer.rowGroups.flatMap(({ chunks }) => chunks[0]?.range.offset ?? []),
  };
  for (const [index, leaf] of leavesOf(columns).entries()) {
    const field = leaf.fieldId === undefined ? undefined : known.get(leaf.fieldId);
    if (!field) continue;
    const mode = metricsMode(metadata.properties, (fieldPath(fields, field.id) ?? [field.name]).join('.'));
    if (mode.kind === 'none') continue;
    const chunks = footer.rowGroups.flatMap((group) => group.chunks[index] ?? []);
    file.columnSizes.set(field.id, sum(chunks.map(({ range }) => range.length)) ?? 0);
    if (chunks.some((chunk) => !chunk.leaf.flat)) continue;
    file.valueCounts.set(field.id, footer.rowCount);
    const nulls = chunks[0]?.leaf.required ? 0 : sum(chunks.map(({ statistics }) => statistics?.nullCount));
    if (nulls !== undefined) file.nullCounts.set(field.id, nulls);
    if (mode.kind === 'counts') continue;
    const annotation = footer.elements[footer.leafElements[index] ?? -1]?.annotation;
    const bounds = boundsOf(
      field,
      chunks,
      annotation,
      footer.rowGroups.map(({ rowCount }) => rowCount),
    );
    if (!bounds) continue;
    const lower = columnBound(field.type, bounds.lower, mode, 'lower');
    const upper = columnBound(field.type, bounds.upper, mode, 'upper');
    if (lower) file.lowerBounds.set(field.id, lower);
    if (upper) file.upperBounds.set(field.id, upper);
  }
  return file;
}

/** In the order of a row group's chunks. */
function leavesOf(columns: readonly PhysicalColumn[]): PhysicalColumn[] {
  return columns.flatMap((column) => (column.children.length > 0 ? leavesOf(column.children) : [column]));
}

function sum(numbers: readonly (number | undefined)[]): number | undefined {
  return numbers.reduce<number | undefined>(
    (total, number) => (total === undefined || number === undefined ? undefined : total + number),
    0,
  );
}

/** Undefined where a chunk that holds values has none. */
function boundsOf(
  { type }: NestedField,
  chunks: readonly ColumnChunk[],
  annotation: Annotation | undefined,
  rowCounts: readonly number[],
): { lower: Value; upper: Value } | undefined {
  let lower: Value | undefined;
  let upper: Value | undefined;
  for (const [index, { statistics, leaf }] of chunks.entries()) {
    const { min, max, nullCount } = statistics ?? {};
    if (nullCount !== undefined && nullCount === rowCounts[index]) continue;
    const [low, high] = [min, max].map((bytes) => bytes && boundValue(type, bytes, leaf.physicalType, annotation));
    if (low === undefined || high === undefined) return undefined;
    if (lower === undefined || isBelow(type, low, lower)) lower = low;
    if (upper === undefined || isBelow(type, upper, high)) upper = high;
  }
  return lower === undefined || upper === undefined ? undefined : { lower, upper };
}

function isBelow(type: Type, one: Value, other: Value): boolean {
  if (type.kind === 'primitive' && type.type === 'string') {
    return Buffer.compare(Buffer.from(one as string), Buffer.from(other as string)) < 0;
  }
  return one < other;
}

/** A plain-encoded bound as a value of the column's type; undefined where that is not certain. */
function boundValue(
  type: Type,
  bytes: Uint8Array,
  physical: ColumnChunk['leaf']['physicalType'],
  annotation: Annotation | undefined,
): Value | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kind = annotation?.kind ?? 'none';
  const isWhole = physical === 'INT32' || physical === 'INT64';
  const whole = () => (physical === 'INT32' ? BigInt(view.getInt32(0, true)) : view.getBigInt64(0, true));
  if (type.kind === 'decimal') {
    if (annotation?.kind !== 'decimal' || annotation.scale !== type.scale) return undefined;
    return isWhole ? whole() : signedBigEndian(bytes);
  }
  if (type.kind !== 'primitive') return undefined;
  switch (type.type) {
    case 'boolean':
      return physical === 'BOOLEAN' ? bytes[0] === 1 : undefined;
    case 'int':
    case 'long': {
      if (!isWhole || (kind !== 'none' && kind !== 'integer')) return undefined;
      return type.type === 'int' ? Number(whole()) : whole();
    }
    case 'date':
      return physical === 'INT32' && kind === 'date' ? view.getInt32(0, true) : undefined;
    case 'float':
      return physical === 'FLOAT' ? view.getFloat32(0, true) : undefined;
    case 'double':
      if (physical === 'FLOAT') return view.getFloat32(0, true);
      return physical === 'DOUBLE' ? view.getFloat64(0, true) : undefined;
    case 'timestamp':
    case 'timestamptz': {
      const fits = annotation?.kind === 'timestamp' && annotation.unit === 'micros' && physical === 'INT64';
      return fits ? view.getBigInt64(0, true) : undefined;
    }
    case 'string':
      return kind === 'string' ? Buffer.from(bytes).toString('utf8') : undefined;
    default:
      return undefined;
  }
}

/** Whether values that lie so in a file can be read as the type. What is not known to be wrong passes. */
export function canBeReadAs(type: Type, column: PhysicalColumn): boolean {
  const { stored, children } = column;
  const isNested = type.kind === 'struct' || type.kind === 'list' || type.kind === 'map';
  if (children.length > 0) return isNested || (type.kind === 'primitive' && type.type === 'variant');
  if (isNested) return false;
  if (!stored) return true;
  if (type.kind === 'decimal') {
    return stored.kind === 'decimal' && stored.scale === type.scale && stored.precision <= type.precision;
  }
  if (type.kind !== 'primitive') return type.kind === 'fixed' && stored.kind === 'string';
  switch (type.type) {
    case 'long':
      return stored.kind === 'long' || stored.kind === 'int';
    case 'double':
      return stored.kind === 'double' || stored.kind === 'float';
    case 'timestamp':
    case 'timestamptz':
      return stored.kind === 'timestamp' || stored.kind === 'timestamptz' || stored.kind === 'long';
    case 'int':
    case 'float':
    case 'boolean':
    case 'string':
    case 'date':
      return stored.kind === type.type;
    default:
      return !['boolean', 'float', 'double', 'decimal'].includes(stored.kind);
  }
}
