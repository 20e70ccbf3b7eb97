/** Manifest statistics of a file that the engine wrote. */

import { SkuaError } from '../../errors.js';
import type { WrittenColumnStatistics, WrittenFile } from '../../parquet/index.js';
import { isOfType, parseWrittenValue, partitionTypes } from '../partition-types.js';
import { typeToText } from '../schema.js';
import { currentSchema, defaultPartitionSpec } from '../snapshots.js';
import type { DataFile, NestedField, PartitionValue, TableMetadata, Type } from '../types.js';
import { columnBound } from './column-bound.js';
import { type MetricsMode, metricsMode } from './metrics-mode.js';

/**
 * A data file of the table's default partition spec and current schema, with bounds and counts as the metrics mode of each column says.
 * `sortOrderId` names the order that its rows are in.
 */
export function dataFileFromWritten(
  written: WrittenFile,
  location: string,
  metadata: TableMetadata,
  sortOrderId?: number,
): DataFile {
  const spec = defaultPartitionSpec(metadata);
  const types = partitionTypes(metadata, spec);
  const file = {
    content: 'data' as const,
    location,
    format: 'parquet' as const,
    specId: spec.specId,
    partition: spec.fields.map((field, index): PartitionValue => {
      const text = written.partition[index] ?? null;
      if (text === null) return null;
      const value = parseWrittenValue(types[index] as Type, text);
      if (value === undefined) {
        throw new SkuaError('INTERNAL', `The partition value "${text}" of ${field.name} can't be read back`);
      }
      if (!isOfType(types[index] as Type, value)) {
        const message = `A value can't be partitioned by ${field.name}: ${text} is out of the range of its type, which is ${typeToText(types[index] as Type)}`;
        throw new SkuaError('INVALID_ARGUMENT', message);
      }
      return value;
    }),
    recordCount: written.rowCount,
    fileSize: written.fileSize,
    columnSizes: new Map<number, number>(),
    valueCounts: new Map<number, number>(),
    nullCounts: new Map<number, number>(),
    nanCounts: new Map<number, number>(),
    lowerBounds: new Map<number, Uint8Array>(),
    upperBounds: new Map<number, Uint8Array>(),
    splitOffsets: written.rowGroupOffsets,
    ...(sortOrderId !== undefined && { sortOrderId }),
  };
  const { fields } = currentSchema(metadata);
  for (const column of written.columns) {
    const leaf = leafOf(fields, column.path);
    if (!leaf) continue;
    const { field, isRepeated } = leaf;
    const mode = metricsMode(metadata.properties, column.path.join('.'));
    if (mode.kind === 'none') continue;
    file.columnSizes.set(field.id, column.columnSize);
    file.valueCounts.set(field.id, isRepeated ? column.valueCount : written.rowCount);
    file.nullCounts.set(field.id, column.nullCount);
    if (column.nanCount !== undefined) file.nanCounts.set(field.id, column.nanCount);
    if (mode.kind === 'counts' || isRepeated) continue;
    const lower = boundOf(field.type, column, mode, 'lower');
    const upper = boundOf(field.type, column, mode, 'upper');
    if (lower) file.lowerBounds.set(field.id, lower);
    if (upper) file.upperBounds.set(field.id, upper);
  }
  return file;
}

/** The column that a path in the Parquet schema leads to; Parquet puts a group of its own into lists and maps. */
function leafOf(
  fields: readonly NestedField[],
  path: readonly string[],
): { field: NestedField; isRepeated: boolean } | undefined {
  let field = fields.find(({ name }) => name === path[0]);
  let isRepeated = false;
  let position = 1;
  while (field && position < path.length) {
    const { type }: NestedField = field;
    if (type.kind === 'struct') {
      field = type.fields.find(({ name }) => name === path[position]);
      position++;
    } else if (type.kind === 'list') {
      isRepeated = true;
      position += path[position] === 'list' && position + 1 < path.length ? 2 : 1;
      field = { id: type.elementId, name: 'element', required: type.elementRequired, type: type.element };
    } else if (type.kind === 'map') {
      isRepeated = true;
      if (path[position] === 'key_value') position++;
      const isKey = path[position] === 'key';
      position++;
      field = isKey
        ? { id: type.keyId, name: 'key', required: true, type: type.key }
        : { id: type.valueId, name: 'value', required: type.valueRequired, type: type.value };
    } else return undefined;
  }
  const isLeaf = field !== undefined && !['struct', 'list', 'map'].includes(field.type.kind);
  return isLeaf ? { field: field as NestedField, isRepeated } : undefined;
}

function boundOf(
  type: Type,
  column: WrittenColumnStatistics,
  mode: MetricsMode,
  side: 'lower' | 'upper',
): Uint8Array | undefined {
  const text = side === 'lower' ? column.min : column.max;
  // The engine's text of bytes is not canonical.
  const hasBounds = type.kind === 'decimal' || (type.kind === 'primitive' && type.type !== 'binary');
  if (text === undefined || !hasBounds) return undefined;
  const value = parseWrittenValue(type, text);
  return value === undefined ? undefined : columnBound(type, value, mode, side);
}
