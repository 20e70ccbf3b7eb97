/** What the table functions `iceberg_column_stats` and `iceberg_partition_stats` of DuckDB show, with its columns. */
import { inParallel } from '../../parallel.js';
import { loadEntries, loadManifests } from '../manifest/load.js';
import { allColumns, partitionTypes } from '../partition-types.js';
import { fieldsById } from '../schema.js';
import { partitionSpecById, schemaOf } from '../snapshots.js';
import { typeToSql } from '../sql-type.js';
import type { DataFile, DeleteFile, NestedField, PartitionValue, Type } from '../types.js';
import { decodeValue } from '../values/single-value.js';
import { formatValue } from '../values/text-value.js';
import { column, list } from './column.js';
import { contentNames } from './engine-forms.js';
import type { MetadataTable } from './table.js';

const manifestsAtATime = 8;

/** One row for each column of each file, nested fields too. */
export const icebergColumnStats: MetadataTable = {
  columns: () => [
    column('status', 'string', true),
    column('content', 'string', true),
    column('file_path', 'string', true),
    column('partition', 'string'),
    column('column_name', 'string', true),
    column('column_type', 'string', true),
    column('lower_bound', 'string'),
    column('upper_bound', 'string'),
    column('column_size', 'long'),
    column('value_count', 'long'),
    column('null_value_count', 'long'),
    column('nan_value_count', 'long'),
    column('file_sequence_number', 'long'),
  ],
  rows: async (source) => {
    const { metadata, snapshot } = source;
    if (!snapshot) return [];
    const fields = [...fieldsById(schemaOf(metadata, snapshot.snapshotId).fields).values()];
    const manifests = await loadManifests(source, snapshot);
    const rows = await inParallel(manifests, manifestsAtATime, async (manifest) =>
      (await loadEntries(source, manifest)).flatMap(({ status, file }) => {
        const types = partitionTypes(metadata, partitionSpecById(metadata, file.specId));
        const begin = [
          status.toUpperCase(),
          contentNames[file.content],
          file.location,
          tupleText(types, file.partition),
        ];
        return fields.map((field) => [...begin, ...statistics(field, file), file.fileSequenceNumber ?? null]);
      }),
    );
    return rows.flat();
  },
};

function statistics(field: NestedField, file: DataFile | DeleteFile): unknown[] {
  const { id, name, type } = field;
  const count = (counts: ReadonlyMap<number, bigint | number> | undefined) => counts?.get(id) ?? null;
  return [
    name,
    typeToSql(type),
    boundText(type, file.lowerBounds?.get(id)),
    boundText(type, file.upperBounds?.get(id)),
    count(file.columnSizes),
    count(file.valueCounts),
    count(file.nullCounts),
    count(file.nanCounts),
  ];
}

/** One row for each field of the partition spec of each manifest. */
export const icebergPartitionStats: MetadataTable = {
  columns: () => [
    column('manifest_path', 'string', true),
    column('added_snapshot_id', 'long'),
    column('partition_spec_id', 'int', true),
    column('partition_field_id', 'long', true),
    column('partition_field_name', 'string', true),
    column('partition_source_columns', list('string'), true),
    column('partition_field_transform', 'string', true),
    column('partition_field_type', 'string', true),
    column('lower_bound', 'string'),
    column('upper_bound', 'string'),
    column('contains_null', 'boolean', true),
    column('contains_nan', 'boolean'),
  ],
  rows: async (source) => {
    const { metadata } = source;
    const names = allColumns(metadata);
    return (await loadManifests(source, source.snapshot)).flatMap((manifest) => {
      const spec = partitionSpecById(metadata, manifest.specId);
      const types = partitionTypes(metadata, spec);
      return (manifest.partitions ?? []).flatMap((summary, index) => {
        const field = spec.fields[index];
        const type = types[index];
        if (!field || !type) return [];
        // Days are numbers here like the other units of time, which the specification lets them be.
        const stored: Type = field.transform === 'day' ? { kind: 'primitive', type: 'int' } : type;
        return [
          [
            manifest.location,
            manifest.addedSnapshotId ?? null,
            spec.specId,
            BigInt(field.fieldId),
            field.name,
            field.sourceIds.map((id) => names.get(id)?.name ?? null),
            field.transform,
            typeToSql(stored),
            boundText(stored, summary.lowerBound),
            boundText(stored, summary.upperBound),
            summary.containsNull,
            summary.containsNan ?? null,
          ],
        ];
      });
    });
  },
};

function boundText(type: Type, bytes: Uint8Array | undefined): string | null {
  const value = bytes && decodeValue(type, bytes);
  return value === undefined ? null : valueText(type, value);
}

function tupleText(types: readonly Type[], values: readonly PartitionValue[]): string | null {
  if (values.length === 0) return null;
  const texts = values.map((value, index) => {
    const type = types[index];
    return `'r${index}': ${value === null || !type ? 'NULL' : valueText(type, value)}`;
  });
  return `{${texts.join(', ')}}`;
}

/** As the engine casts the value to text. */
function valueText(type: Type, value: Parameters<typeof formatValue>[1]): string {
  if (value instanceof Uint8Array && !(type.kind === 'primitive' && type.type === 'uuid')) return blobText(value);
  const text = formatValue(type, value);
  if (type.kind !== 'primitive') return text;
  switch (type.type) {
    case 'timestamp':
    case 'timestamp_ns':
    case 'timestamptz':
    case 'timestamptz_ns':
      return text
        .replace('T', ' ')
        .replace(/(\.\d*?)0+(?=\+|$)/, '$1')
        .replace(/\.(?=\+|$)/, '')
        .replace('+00:00', '+00');
    case 'float':
    case 'double':
      return /^-?\d+$/.test(text) ? `${text}.0` : text.replace('Infinity', 'inf');
    default:
      return text;
  }
}

function blobText(bytes: Uint8Array): string {
  const isPlain = (byte: number) => byte >= 32 && byte < 127 && byte !== 0x5c && byte !== 0x22 && byte !== 0x27;
  return Array.from(bytes, (byte) =>
    isPlain(byte) ? String.fromCharCode(byte) : `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`,
  ).join('');
}
