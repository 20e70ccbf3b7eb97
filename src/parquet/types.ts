import type { PhysicalColumn } from '../expressions/index.js';
import type { ByteRange } from '../storage/contract.js';

/** `other` is whatever else there is. `utc`: instants, and not what a clock shows. */
export type Annotation =
  | { kind: 'none' | 'string' | 'uuid' | 'date' | 'integer' | 'unsigned' | 'list' | 'map' | 'other' }
  | { kind: 'decimal'; precision: number; scale: number }
  | { kind: 'time' | 'timestamp'; unit: TimeUnit; utc: boolean };

export type TimeUnit = 'millis' | 'micros' | 'nanos';

/** What the footer of a Parquet file says (Parquet format, "FileMetaData"). */
export interface ParquetFooter {
  rowCount: number;
  /** Top-level columns; groups have their members as children, the repeated groups of lists and maps included. */
  columns: PhysicalColumn[];
  rowGroups: RowGroup[];
  /** Bytes of the metadata and of the 8 bytes behind it. */
  length: number;
  /** Of the whole file, in bytes. */
  fileSize: number;
  createdBy: string | undefined;
  /** The schema as it stands in the footer: flat, each group before its members, the root first. */
  elements: SchemaElement[];
  /** Indexes of the leaves among the elements, in the order of a row group's chunks. */
  leafElements: number[];
  /** FileMetaData in Thrift's compact protocol. */
  metadata: Uint8Array;
}

/** One SchemaElement. */
export interface SchemaElement {
  /** Absent on groups. */
  physicalType: PhysicalType | undefined;
  /** Of FIXED_LEN_BYTE_ARRAY, in bytes. */
  length: number | undefined;
  childCount: number;
  isRepeated: boolean;
  annotation: Annotation;
}

export interface RowGroup {
  rowCount: number;
  /** One chunk for each leaf column, in the order of the schema. */
  chunks: ColumnChunk[];
}

export interface ColumnChunk {
  leaf: LeafColumn;
  codec: Codec;
  /** Whether some page has its values as byte streams. */
  isSplit: boolean;
  /** Of all pages with their headers, in bytes. */
  uncompressedSize: number;
  /** Dictionary and data pages. */
  range: ByteRange;
  statistics: ChunkStatistics | undefined;
  /** Where the bloom filter begins; its length is not always known. */
  bloomFilter: { offset: number; length: number | undefined } | undefined;
}

/** By their numbers in `parquet.thrift`. */
export const CODECS = ['UNCOMPRESSED', 'SNAPPY', 'GZIP', 'LZO', 'BROTLI', 'LZ4', 'ZSTD', 'LZ4_RAW'] as const;

export type Codec = (typeof CODECS)[number];

/** A leaf of the schema, shared by its chunks in all row groups. */
export interface LeafColumn {
  /** Names from the top-level column down. */
  path: string[];
  fieldId: number | undefined;
  physicalType: PhysicalType;
  logicalType: LogicalKind | undefined;
  /** Of FIXED_LEN_BYTE_ARRAY, in bytes. */
  length: number | undefined;
  /** Occurs at most once a row: neither it nor a group above it is repeated. */
  flat: boolean;
  /** Occurs in every row: neither it nor a group above it is optional or repeated. */
  required: boolean;
}

export type PhysicalType =
  | 'BOOLEAN'
  | 'INT32'
  | 'INT64'
  | 'INT96'
  | 'FLOAT'
  | 'DOUBLE'
  | 'BYTE_ARRAY'
  | 'FIXED_LEN_BYTE_ARRAY';

/** The logical types whose order is understood here; everything else is `other`. */
export type LogicalKind = 'string' | 'date' | 'timestamp-micros' | 'signed-integer' | 'other';

/** What the statistics of a chunk tell for certain: bounds in the type's own order, as plain-encoded bytes. */
export interface ChunkStatistics {
  min: Uint8Array | undefined;
  max: Uint8Array | undefined;
  nullCount: number | undefined;
  /** Whether the footer says more of the bounds, or of the nulls, than can be believed. */
  doubts: { bounds: boolean; nulls: boolean };
}
