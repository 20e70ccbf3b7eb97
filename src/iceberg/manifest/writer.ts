/** Writes manifests and manifest lists. */

import { writeJson } from '../../json.js';
import { writeContainer } from '../avro/writer.js';
import { partitionFieldsToJson } from '../metadata.js';
import { schemaToJson } from '../schema.js';
import type {
  DataFile,
  DeleteFile,
  ManifestEntry,
  ManifestFile,
  PartitionSpec,
  PartitionSummary,
  PartitionValue,
  Schema,
  Type,
} from '../types.js';
import { compareValues, encodeValue, fixedBigEndian, type Value } from '../values/single-value.js';
import { avroName, decimalWidth, manifestListSchema, manifestSchema } from './schemas.js';

export interface ManifestLayout {
  formatVersion: 1 | 2 | 3;
  content: 'data' | 'deletes';
  schema: Schema;
  spec: PartitionSpec;
  /** Result types of the spec's fields. */
  partitionTypes: readonly Type[];
}

const statusNumbers = { existing: 0, added: 1, deleted: 2 };
const contentNumbers = { data: 0, 'position-deletes': 1, 'equality-deletes': 2 };

/**
 * A manifest's bytes. Added files leave sequence numbers and first row ids to be inherited where they have none; a snapshot id that is given
 * with the file is written.
 */
export function encodeManifest(layout: ManifestLayout, entries: readonly ManifestEntry[]): Uint8Array {
  const { formatVersion, spec, partitionTypes, schema } = layout;
  const metadata = new Map([
    ['schema', writeJson(schemaToJson(schema))],
    ['schema-id', String(schema.schemaId)],
    ['partition-spec', writeJson(partitionFieldsToJson(spec.fields))],
    ['partition-spec-id', String(spec.specId)],
    ['format-version', String(formatVersion)],
  ]);
  if (formatVersion >= 2) metadata.set('content', layout.content);
  const records = entries.map((entry) => ({
    status: statusNumbers[entry.status],
    snapshot_id: entry.file.snapshotId,
    sequence_number: entry.file.sequenceNumber,
    file_sequence_number: entry.file.fileSequenceNumber,
    data_file: fileRecord(entry.file, layout),
  }));
  return writeContainer(manifestSchema(formatVersion, spec, partitionTypes), metadata, records);
}

function fileRecord(file: DataFile | DeleteFile, layout: ManifestLayout): Record<string, unknown> {
  const deletes = file.content === 'data' ? undefined : file;
  return {
    content: contentNumbers[file.content],
    file_path: file.location,
    file_format: file.format.toUpperCase(),
    partition: partitionRecord(file.partition, layout),
    record_count: file.recordCount,
    file_size_in_bytes: file.fileSize,
    block_size_in_bytes: 64 * 1024 * 1024,
    column_sizes: file.columnSizes,
    value_counts: file.valueCounts,
    null_value_counts: file.nullCounts,
    nan_value_counts: file.nanCounts,
    lower_bounds: file.lowerBounds,
    upper_bounds: file.upperBounds,
    key_metadata: file.keyMetadata,
    split_offsets: file.splitOffsets,
    equality_ids: deletes?.equalityIds,
    sort_order_id: file.sortOrderId,
    first_row_id: file.content === 'data' ? file.firstRowId : undefined,
    referenced_data_file: deletes?.referencedDataFile,
    content_offset: deletes?.contentOffset,
    content_size_in_bytes: deletes?.contentSize,
  };
}

function partitionRecord(tuple: readonly PartitionValue[], layout: ManifestLayout): Record<string, unknown> {
  const record: Record<string, unknown> = {};
  layout.spec.fields.forEach((field, index) => {
    const value = tuple[index] ?? null;
    const type = layout.partitionTypes[index];
    record[avroName(field.name)] =
      value !== null && type?.kind === 'decimal'
        ? fixedBigEndian(BigInt(value as bigint), decimalWidth(type.precision))
        : value;
  });
  return record;
}

/** What a manifest list says of a manifest with these entries. */
export function describeManifest(
  layout: ManifestLayout,
  entries: readonly ManifestEntry[],
  written: { location: string; length: number; snapshotId: bigint; sequenceNumber: number },
): ManifestFile {
  const files = (status: ManifestEntry['status']) => entries.filter((entry) => entry.status === status);
  const rows = (status: ManifestEntry['status']) => files(status).reduce((sum, { file }) => sum + file.recordCount, 0);
  const live = entries.filter(({ status }) => status !== 'deleted');
  return {
    location: written.location,
    length: written.length,
    specId: layout.spec.specId,
    content: layout.content,
    sequenceNumber: written.sequenceNumber,
    minSequenceNumber: Math.min(
      written.sequenceNumber,
      ...live.map(({ file }) => file.sequenceNumber ?? written.sequenceNumber),
    ),
    addedSnapshotId: written.snapshotId,
    addedFilesCount: files('added').length,
    existingFilesCount: files('existing').length,
    deletedFilesCount: files('deleted').length,
    addedRowsCount: rows('added'),
    existingRowsCount: rows('existing'),
    deletedRowsCount: rows('deleted'),
    partitions: layout.partitionTypes.map((type, index) =>
      summarize(
        type,
        entries.map(({ file }) => file.partition[index] ?? null),
      ),
    ),
  };
}

function summarize(type: Type, values: readonly PartitionValue[]): PartitionSummary {
  const isFloating = type.kind === 'primitive' && (type.type === 'float' || type.type === 'double');
  const present = values.filter((value): value is Value => value !== null && !Number.isNaN(value));
  const summary: PartitionSummary = { containsNull: values.includes(null) };
  if (isFloating) summary.containsNan = values.some((value) => Number.isNaN(value));
  else summary.containsNan = false;
  if (present.length > 0) {
    const low = present.reduce((best, value) => (compareValues(value, best) < 0 ? value : best));
    const high = present.reduce((best, value) => (compareValues(value, best) > 0 ? value : best));
    // A zero bound covers both zeros.
    summary.lowerBound = encodeValue(type, isFloating && low === 0 ? -0 : low);
    summary.upperBound = encodeValue(type, isFloating && high === 0 ? 0 : high);
  }
  return summary;
}

export interface ManifestListHeader {
  formatVersion: 1 | 2 | 3;
  snapshotId: bigint;
  parentSnapshotId: bigint | undefined;
  sequenceNumber: number;
  firstRowId: bigint | undefined;
}

export function encodeManifestList(header: ManifestListHeader, manifests: readonly ManifestFile[]): Uint8Array {
  const metadata = new Map([
    ['snapshot-id', String(header.snapshotId)],
    ['parent-snapshot-id', String(header.parentSnapshotId ?? null)],
    ['format-version', String(header.formatVersion)],
  ]);
  if (header.formatVersion >= 2) metadata.set('sequence-number', String(header.sequenceNumber));
  if (header.firstRowId !== undefined) metadata.set('first-row-id', String(header.firstRowId));
  const records = manifests.map((manifest) => ({
    manifest_path: manifest.location,
    manifest_length: manifest.length,
    partition_spec_id: manifest.specId,
    content: manifest.content === 'deletes' ? 1 : 0,
    sequence_number: manifest.sequenceNumber,
    min_sequence_number: manifest.minSequenceNumber,
    added_snapshot_id: manifest.addedSnapshotId,
    added_files_count: manifest.addedFilesCount,
    existing_files_count: manifest.existingFilesCount,
    deleted_files_count: manifest.deletedFilesCount,
    added_rows_count: manifest.addedRowsCount,
    existing_rows_count: manifest.existingRowsCount,
    deleted_rows_count: manifest.deletedRowsCount,
    partitions: manifest.partitions?.map((summary) => ({
      contains_null: summary.containsNull,
      contains_nan: summary.containsNan,
      lower_bound: summary.lowerBound,
      upper_bound: summary.upperBound,
    })),
    key_metadata: manifest.keyMetadata,
    first_row_id: manifest.firstRowId,
  }));
  return writeContainer(manifestListSchema(header.formatVersion), metadata, records);
}
