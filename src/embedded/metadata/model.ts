/**
 * Table metadata as the catalog keeps it between reading and writing a document (Iceberg spec, "Table Metadata"): the same nouns as the
 * table format's own types, but schemas in the specification's JSON, which the catalog passes on as it came.
 */
import type { PartitionSpec, SnapshotReference, SortOrder, TableMetadata } from '../../iceberg/types.js';

export type TypeJson = string | StructJson | ListJson | MapJson;

export interface StructJson {
  type: 'struct';
  fields: FieldJson[];
}

export interface ListJson {
  type: 'list';
  'element-id': number;
  element: TypeJson;
  'element-required': boolean;
}

export interface MapJson {
  type: 'map';
  'key-id': number;
  key: TypeJson;
  'value-id': number;
  value: TypeJson;
  'value-required': boolean;
}

export interface FieldJson {
  id: number;
  name: string;
  required: boolean;
  type: TypeJson;
  doc?: string;
  'initial-default'?: unknown;
  'write-default'?: unknown;
}

export interface SchemaJson {
  type: 'struct';
  'schema-id': number;
  'identifier-field-ids'?: number[];
  fields: FieldJson[];
}

/** A snapshot in the specification's JSON, with what the catalog itself has to know read out of it. */
export interface KeptSnapshot {
  snapshotId: bigint;
  parentSnapshotId?: bigint | undefined;
  sequenceNumber: number;
  timestampMs: number;
  firstRowId?: bigint | undefined;
  addedRows?: bigint | undefined;
  /** As the document holds it, its keys in the specification's words. */
  json: Record<string, unknown>;
}

export interface KeptReference extends SnapshotReference {
  minSnapshotsToKeep?: number;
  maxSnapshotAgeMs?: number;
  maxRefAgeMs?: number;
}

export interface StatisticsFile {
  snapshotId: bigint;
  json: Record<string, unknown>;
}

export interface KeptMetadata
  extends Omit<
    TableMetadata,
    | 'schemas'
    | 'snapshots'
    | 'refs'
    | 'partitionSpecs'
    | 'sortOrders'
    | 'nextRowId'
    | 'statistics'
    | 'partitionStatistics'
  > {
  schemas: SchemaJson[];
  partitionSpecs: PartitionSpec[];
  sortOrders: SortOrder[];
  snapshots: KeptSnapshot[];
  refs: Record<string, KeptReference>;
  nextRowId: bigint;
  statistics: StatisticsFile[];
  partitionStatistics: StatisticsFile[];
  encryptionKeys: Record<string, unknown>[];
}
