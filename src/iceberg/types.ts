/** The nouns of the Iceberg specification (versions 1 to 3). 64-bit ids are bigints; counts, sizes and sequence numbers are numbers. */

export type PrimitiveType =
  | 'boolean'
  | 'int'
  | 'long'
  | 'float'
  | 'double'
  | 'date'
  | 'time'
  | 'timestamp'
  | 'timestamptz'
  | 'timestamp_ns'
  | 'timestamptz_ns'
  | 'string'
  | 'uuid'
  | 'binary'
  | 'variant'
  | 'unknown';

export type Type =
  | { kind: 'primitive'; type: PrimitiveType }
  | { kind: 'decimal'; precision: number; scale: number }
  | { kind: 'fixed'; length: number }
  | { kind: 'geometry'; crs: string }
  | { kind: 'geography'; crs: string; algorithm: string }
  | StructType
  | { kind: 'list'; elementId: number; elementRequired: boolean; element: Type }
  | { kind: 'map'; keyId: number; key: Type; valueId: number; valueRequired: boolean; value: Type };

export interface StructType {
  kind: 'struct';
  fields: NestedField[];
}

export interface NestedField {
  id: number;
  name: string;
  required: boolean;
  type: Type;
  doc?: string | undefined;
  /** JSON single-value serialization (spec, Appendix D). */
  initialDefault?: unknown;
  writeDefault?: unknown;
}

export interface Schema {
  schemaId: number;
  fields: NestedField[];
  identifierFieldIds: number[];
}

export interface PartitionSpec {
  specId: number;
  fields: PartitionField[];
}

export interface PartitionField {
  fieldId: number;
  /** One source column; multi-argument transforms have several. */
  sourceIds: number[];
  name: string;
  /** `identity`, `bucket[16]`, `truncate[4]`, `year`, `month`, `day`, `hour`, `void`. */
  transform: string;
}

export interface SortOrder {
  orderId: number;
  fields: { transform: string; sourceId: number; direction: 'asc' | 'desc'; nullOrder: 'nulls-first' | 'nulls-last' }[];
}

export interface Snapshot {
  snapshotId: bigint;
  parentSnapshotId?: bigint;
  /** 0 in version 1 tables. */
  sequenceNumber: number;
  timestampMs: number;
  manifestList?: string;
  /** Manifest locations inline (version 1). */
  manifests?: string[];
  summary: Record<string, string>;
  schemaId?: number;
  firstRowId?: bigint;
  addedRows?: bigint;
}

export interface SnapshotReference {
  snapshotId: bigint;
  type: 'branch' | 'tag';
  /** Retention, where the reference sets its own. */
  minSnapshotsToKeep?: number | undefined;
  maxSnapshotAgeMs?: number | undefined;
  maxRefAgeMs?: number | undefined;
}

export interface TableMetadata {
  formatVersion: 1 | 2 | 3;
  tableUuid: string;
  location: string;
  lastSequenceNumber: number;
  lastUpdatedMs: number;
  lastColumnId: number;
  schemas: Schema[];
  currentSchemaId: number;
  partitionSpecs: PartitionSpec[];
  defaultSpecId: number;
  lastPartitionId: number;
  sortOrders: SortOrder[];
  defaultSortOrderId: number;
  properties: Record<string, string>;
  currentSnapshotId?: bigint | undefined;
  snapshots: Snapshot[];
  snapshotLog: { timestampMs: number; snapshotId: bigint }[];
  metadataLog: { timestampMs: number; metadataFile: string }[];
  refs: Record<string, SnapshotReference>;
  statistics: StatisticsFile[];
  partitionStatistics: StatisticsFile[];
  nextRowId?: bigint;
}

/** A Puffin file of table statistics, or a file of partition statistics, of one snapshot. */
export interface StatisticsFile {
  snapshotId: bigint;
  location: string;
}

export type FileFormat = 'parquet' | 'orc' | 'avro' | 'puffin';

/** A partition value in its transform's result type: numbers for int, date, year … hour and bucket; bigints for long, time and timestamps. */
export type PartitionValue = null | boolean | number | bigint | string | Uint8Array;

interface ContentFile {
  location: string;
  format: FileFormat;
  specId: number;
  partition: PartitionValue[];
  recordCount: number;
  /** Bytes. */
  fileSize: number;
  /** By field id. Sizes in bytes. */
  columnSizes?: Map<number, number>;
  valueCounts?: Map<number, number>;
  nullCounts?: Map<number, number>;
  nanCounts?: Map<number, number>;
  /** Single-value binary serialization (spec, Appendix D). */
  lowerBounds?: Map<number, Uint8Array>;
  upperBounds?: Map<number, Uint8Array>;
  splitOffsets?: number[];
  /** Of an encrypted file; implementation-specific. */
  keyMetadata?: Uint8Array;
  sortOrderId?: number;
  /** Data sequence number; 0 for version 1. Unset on files that wait for their commit. */
  sequenceNumber?: number | undefined;
  fileSequenceNumber?: number | undefined;
  snapshotId?: bigint;
}

export interface DataFile extends ContentFile {
  content: 'data';
  firstRowId?: bigint;
}

export interface DeleteFile extends ContentFile {
  content: 'position-deletes' | 'equality-deletes';
  /** Columns that an equality delete compares. */
  equalityIds?: number[];
  /** The one data file that a deletion vector, or a file-scoped position delete file, refers to. */
  referencedDataFile?: string;
  /** A deletion vector's blob within its Puffin file. */
  contentOffset?: number;
  contentSize?: number;
}

/** One manifest as a manifest list describes it (spec, "Manifest Lists"). Counts that are absent are unknown. */
export interface ManifestFile {
  location: string;
  /** Bytes. */
  length: number;
  specId: number;
  content: 'data' | 'deletes';
  /** 0 in version 1 tables, as is the next. */
  sequenceNumber: number;
  minSequenceNumber: number;
  addedSnapshotId: bigint;
  addedFilesCount?: number;
  existingFilesCount?: number;
  deletedFilesCount?: number;
  addedRowsCount?: number;
  existingRowsCount?: number;
  deletedRowsCount?: number;
  /** One summary for each field of the partition spec. */
  partitions?: PartitionSummary[];
  keyMetadata?: Uint8Array;
  firstRowId?: bigint;
}

export interface PartitionSummary {
  containsNull: boolean;
  containsNan?: boolean;
  /** Single-value binary serialization in the partition field's type. */
  lowerBound?: Uint8Array;
  upperBound?: Uint8Array;
}

/** One entry of a manifest; inherited values are filled in. */
export interface ManifestEntry {
  status: 'existing' | 'added' | 'deleted';
  file: DataFile | DeleteFile;
}
