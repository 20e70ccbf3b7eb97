/** Manifest lists (Iceberg spec, "Manifest Lists"). */
import { readContainer } from '../avro/container.js';
import { AvroCursor } from '../avro/cursor.js';
import {
  bigintReader,
  booleanReader,
  bytesReader,
  type FieldReader,
  listReader,
  numberReader,
  recordReader,
  stringReader,
} from '../avro/reader.js';
import type { AvroSchema } from '../avro/schema.js';
import type { ManifestFile, PartitionSummary } from '../types.js';

const summaryReader = recordReader<PartitionSummary>(
  new Map<number, FieldReader>([
    [509, { name: 'containsNull', reader: booleanReader }],
    [518, { name: 'containsNan', reader: booleanReader }],
    [510, { name: 'lowerBound', reader: bytesReader }],
    [511, { name: 'upperBound', reader: bytesReader }],
  ]),
  new Map([
    ['contains_null', 509],
    ['contains_nan', 518],
    ['lower_bound', 510],
    ['upper_bound', 511],
  ]),
);

interface ManifestFileRecord extends Omit<ManifestFile, 'content'> {
  content?: number;
}

const fields = new Map<number, FieldReader>([
  [500, { name: 'location', reader: stringReader }],
  [501, { name: 'length', reader: numberReader }],
  [502, { name: 'specId', reader: numberReader }],
  [517, { name: 'content', reader: numberReader }],
  [515, { name: 'sequenceNumber', reader: numberReader }],
  [516, { name: 'minSequenceNumber', reader: numberReader }],
  [503, { name: 'addedSnapshotId', reader: bigintReader }],
  [504, { name: 'addedFilesCount', reader: numberReader }],
  [505, { name: 'existingFilesCount', reader: numberReader }],
  [506, { name: 'deletedFilesCount', reader: numberReader }],
  [512, { name: 'addedRowsCount', reader: numberReader }],
  [513, { name: 'existingRowsCount', reader: numberReader }],
  [514, { name: 'deletedRowsCount', reader: numberReader }],
  [507, { name: 'partitions', reader: listReader(summaryReader) }],
  [519, { name: 'keyMetadata', reader: bytesReader }],
  [520, { name: 'firstRowId', reader: bigintReader }],
]);

/** Old writers left the ids out. */
const fieldIdsByName = new Map([
  ['manifest_path', 500],
  ['manifest_length', 501],
  ['partition_spec_id', 502],
  ['content', 517],
  ['sequence_number', 515],
  ['min_sequence_number', 516],
  ['added_snapshot_id', 503],
  ['added_files_count', 504],
  ['added_data_files_count', 504],
  ['existing_files_count', 505],
  ['existing_data_files_count', 505],
  ['deleted_files_count', 506],
  ['deleted_data_files_count', 506],
  ['added_rows_count', 512],
  ['existing_rows_count', 513],
  ['deleted_rows_count', 514],
  ['partitions', 507],
  ['key_metadata', 519],
  ['first_row_id', 520],
]);

/** The manifests of a snapshot, in the order of the list. Versions 1 to 3. */
export function readManifestList(bytes: Uint8Array): ManifestFile[] {
  const { metadata, blocks } = readContainer(bytes);
  const schema = JSON.parse(metadata.get('avro.schema') ?? '"null"') as AvroSchema;
  const read = recordReader<ManifestFileRecord>(fields, fieldIdsByName)(schema, new Map());
  const manifests: ManifestFile[] = [];
  for (const block of blocks) {
    const cursor = new AvroCursor(block.bytes);
    for (let index = 0; index < block.count; index++) {
      const record = read(cursor);
      manifests.push({
        ...record,
        content: record.content === 1 ? 'deletes' : 'data',
        sequenceNumber: record.sequenceNumber ?? 0,
        minSequenceNumber: record.minSequenceNumber ?? 0,
      });
    }
    cursor.finish();
  }
  return manifests;
}
