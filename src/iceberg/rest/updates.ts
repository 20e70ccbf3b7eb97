/** What a commit to a table consists of (Iceberg REST specification, `TableRequirement` and `TableUpdate`). */
import type { JsonObject } from '../json-reader.js';

export type TableRequirement =
  | { type: 'assert-create' }
  | { type: 'assert-table-uuid'; uuid: string }
  | { type: 'assert-ref-snapshot-id'; ref: string; 'snapshot-id': bigint | null }
  | { type: 'assert-last-assigned-field-id'; 'last-assigned-field-id': number }
  | { type: 'assert-current-schema-id'; 'current-schema-id': number }
  | { type: 'assert-last-assigned-partition-id'; 'last-assigned-partition-id': number }
  | { type: 'assert-default-spec-id'; 'default-spec-id': number }
  | { type: 'assert-default-sort-order-id'; 'default-sort-order-id': number };

/** An id of -1 stands for what the same commit added last. */
export type TableUpdate =
  | { action: 'assign-uuid'; uuid: string }
  | { action: 'upgrade-format-version'; 'format-version': number }
  | { action: 'add-schema'; schema: JsonObject; 'last-column-id': number }
  | { action: 'set-current-schema'; 'schema-id': number }
  | { action: 'add-spec'; spec: JsonObject }
  | { action: 'set-default-spec'; 'spec-id': number }
  | { action: 'add-sort-order'; 'sort-order': JsonObject }
  | { action: 'set-default-sort-order'; 'sort-order-id': number }
  | { action: 'set-location'; location: string }
  | { action: 'set-properties'; updates: Record<string, string> }
  | { action: 'remove-properties'; removals: string[] }
  | { action: 'add-snapshot'; snapshot: JsonObject & { 'snapshot-id': bigint } }
  | SetSnapshotRef
  | { action: 'remove-snapshot-ref'; 'ref-name': string }
  | { action: 'remove-snapshots'; 'snapshot-ids': bigint[] }
  | { action: 'remove-schemas'; 'schema-ids': number[] }
  | { action: 'remove-partition-specs'; 'spec-ids': number[] }
  | { action: 'set-statistics'; 'snapshot-id': bigint; statistics: JsonObject }
  | { action: 'remove-statistics'; 'snapshot-id': bigint }
  | { action: 'remove-partition-statistics'; 'snapshot-id': bigint };

export type SetSnapshotRef = {
  action: 'set-snapshot-ref';
  'ref-name': string;
  type: 'branch' | 'tag';
  'snapshot-id': bigint;
  'min-snapshots-to-keep'?: number | undefined;
  'max-snapshot-age-ms'?: number | undefined;
  'max-ref-age-ms'?: number | undefined;
};

export interface TableCommit {
  requirements: TableRequirement[];
  updates: TableUpdate[];
}
