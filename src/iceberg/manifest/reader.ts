/** Manifests (Iceberg spec, "Manifests", "Sequence Number Inheritance", "First Row ID Inheritance"). */

import { SkuaError } from '../../errors.js';
import { readContainer } from '../avro/container.js';
import { AvroCursor } from '../avro/cursor.js';
import {
  bigintReader,
  bytesReader,
  type FieldReader,
  intMapReader,
  listReader,
  numberReader,
  type Reader,
  recordReader,
  stringReader,
} from '../avro/reader.js';
import type { AvroSchema } from '../avro/schema.js';
import type { DataFile, DeleteFile, FileFormat, ManifestEntry, ManifestFile, PartitionField } from '../types.js';
import { partitionReader } from './partition-reader.js';

export interface ReadManifestOptions {
  /** Of the manifest's own partition spec. */
  partitionFields: readonly PartitionField[];
  /** Columns whose counts and bounds are wanted; absent: all. The others' are skipped without being decoded. */
  statistics?: ReadonlySet<number>;
}

interface EntryRecord {
  status: number;
  snapshotId?: bigint;
  sequenceNumber?: number;
  fileSequenceNumber?: number;
  file: Omit<DataFile, 'content'> & Omit<DeleteFile, 'content'> & { content?: number };
}

/** Entries at a time; some writers put all of them into one Avro block. */
const portion = 200;

const statuses = ['existing', 'added', 'deleted'] as const;
const contents = ['data', 'position-deletes', 'equality-deletes'] as const;
const formats: ReadonlySet<string> = new Set<FileFormat>(['parquet', 'orc', 'avro', 'puffin']);

/** The entries of a manifest in order, deleted ones included, with what they inherit from the manifest list. */
export function readManifest(bytes: Uint8Array, manifest: ManifestFile, options: ReadManifestOptions): ManifestEntry[] {
  return [...manifestEntries(bytes, manifest, options)].flat();
}

/** The same in portions, for callers that want to pause in between. */
export function* manifestEntries(
  bytes: Uint8Array,
  manifest: ManifestFile,
  options: ReadManifestOptions,
): Generator<ManifestEntry[]> {
  const { metadata, blocks } = readContainer(bytes);
  const schema = JSON.parse(metadata.get('avro.schema') ?? '"null"') as AvroSchema;
  const read = entryReader(schema, options);
  const inherit = inheritance(manifest);
  for (const block of blocks) {
    const cursor = new AvroCursor(block.bytes);
    for (let left = block.count; left > 0; left -= portion) {
      yield Array.from({ length: Math.min(left, portion) }, () => inherit(read(cursor)));
    }
    cursor.finish();
  }
}

function entryReader(schema: AvroSchema, options: ReadManifestOptions): Reader<EntryRecord> {
  const { statistics } = options;
  const counts = intMapReader(numberReader, statistics);
  const bounds = intMapReader(bytesReader, statistics);
  const file = recordReader(
    new Map<number, FieldReader>([
      [134, { name: 'content', reader: numberReader }],
      [100, { name: 'location', reader: stringReader }],
      [101, { name: 'format', reader: stringReader }],
      [102, { name: 'partition', reader: partitionReader(options.partitionFields) }],
      [103, { name: 'recordCount', reader: numberReader }],
      [104, { name: 'fileSize', reader: numberReader }],
      [108, { name: 'columnSizes', reader: counts }],
      [109, { name: 'valueCounts', reader: counts }],
      [110, { name: 'nullCounts', reader: counts }],
      [137, { name: 'nanCounts', reader: counts }],
      [125, { name: 'lowerBounds', reader: bounds }],
      [128, { name: 'upperBounds', reader: bounds }],
      [131, { name: 'keyMetadata', reader: bytesReader }],
      [132, { name: 'splitOffsets', reader: listReader(numberReader) }],
      [135, { name: 'equalityIds', reader: listReader(numberReader) }],
      [140, { name: 'sortOrderId', reader: numberReader }],
      [142, { name: 'firstRowId', reader: bigintReader }],
      [143, { name: 'referencedDataFile', reader: stringReader }],
      [144, { name: 'contentOffset', reader: numberReader }],
      [145, { name: 'contentSize', reader: numberReader }],
    ]),
    fileFieldIdsByName,
  );
  const entry = recordReader<EntryRecord>(
    new Map<number, FieldReader>([
      [0, { name: 'status', reader: numberReader }],
      [1, { name: 'snapshotId', reader: bigintReader }],
      [3, { name: 'sequenceNumber', reader: numberReader }],
      [4, { name: 'fileSequenceNumber', reader: numberReader }],
      [2, { name: 'file', reader: file }],
    ]),
    entryFieldIdsByName,
  );
  return entry(schema, new Map());
}

const entryFieldIdsByName = new Map([
  ['status', 0],
  ['snapshot_id', 1],
  ['sequence_number', 3],
  ['file_sequence_number', 4],
  ['data_file', 2],
]);

const fileFieldIdsByName = new Map([
  ['content', 134],
  ['file_path', 100],
  ['file_format', 101],
  ['partition', 102],
  ['record_count', 103],
  ['file_size_in_bytes', 104],
  ['column_sizes', 108],
  ['value_counts', 109],
  ['null_value_counts', 110],
  ['nan_value_counts', 137],
  ['lower_bounds', 125],
  ['upper_bounds', 128],
  ['key_metadata', 131],
  ['split_offsets', 132],
  ['equality_ids', 135],
  ['sort_order_id', 140],
  ['first_row_id', 142],
  ['referenced_data_file', 143],
  ['content_offset', 144],
  ['content_size_in_bytes', 145],
]);

/** Fills in what entries leave to the manifest list; must see the entries in order. */
function inheritance(manifest: ManifestFile): (record: EntryRecord) => ManifestEntry {
  let nextRowId = manifest.content === 'data' ? manifest.firstRowId : undefined;
  return (record) => {
    const status = statuses[record.status];
    const content = contents[record.file.content ?? 0];
    const format = record.file.format.toLowerCase();
    if (!status || !content || !formats.has(format)) {
      throw new SkuaError('DATA_LOSS', `The manifest ${manifest.location} has an entry of an unknown kind`);
    }
    if ((content === 'data') !== (manifest.content === 'data')) {
      const kinds = `${content} among its ${manifest.content === 'data' ? 'data files' : 'deletes'}`;
      throw new SkuaError('DATA_LOSS', `The manifest ${manifest.location} has ${kinds}`);
    }
    const file = Object.assign(record.file, {
      content,
      format: format as FileFormat,
      specId: manifest.specId,
      partition: record.file.partition ?? [],
      snapshotId: record.snapshotId ?? manifest.addedSnapshotId,
    }) as DataFile | DeleteFile;
    const sequenceNumber = record.sequenceNumber ?? inheritedSequenceNumber(status, manifest);
    const fileSequenceNumber = record.fileSequenceNumber ?? inheritedSequenceNumber(status, manifest);
    if (sequenceNumber !== undefined) file.sequenceNumber = sequenceNumber;
    if (fileSequenceNumber !== undefined) file.fileSequenceNumber = fileSequenceNumber;
    // The manifest's range of row ids has room for live files only.
    const isLive = status !== 'deleted';
    if (isLive && file.content === 'data' && nextRowId !== undefined && file.firstRowId === undefined) {
      file.firstRowId = nextRowId;
      nextRowId += BigInt(file.recordCount);
    }
    return { status, file };
  };
}

/** Entries of version 1 manifests count as 0, whose manifests have the sequence number 0. */
function inheritedSequenceNumber(status: ManifestEntry['status'], manifest: ManifestFile): number | undefined {
  return status === 'added' || manifest.sequenceNumber === 0 ? manifest.sequenceNumber : undefined;
}
