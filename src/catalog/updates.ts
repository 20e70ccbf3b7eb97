/** What a commit to a table consists of (Iceberg REST specification, `TableRequirement` and `TableUpdate`). */

/** A document of the table format: a schema, a partition spec, a snapshot. */
export type Document = Record<string, unknown>;

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
  | { action: 'add-schema'; schema: Document; 'last-column-id': number }
  | { action: 'set-current-schema'; 'schema-id': number }
  | { action: 'add-spec'; spec: Document }
  | { action: 'set-default-spec'; 'spec-id': number }
  | { action: 'add-sort-order'; 'sort-order': Document }
  | { action: 'set-default-sort-order'; 'sort-order-id': number }
  | { action: 'set-location'; location: string }
  | { action: 'set-properties'; updates: Record<string, string> }
  | { action: 'remove-properties'; removals: string[] }
  | { action: 'add-snapshot'; snapshot: Document & { 'snapshot-id': bigint } }
  | SetSnapshotRef
  | { action: 'remove-snapshot-ref'; 'ref-name': string }
  | { action: 'remove-snapshots'; 'snapshot-ids': bigint[] };

export interface SetSnapshotRef {
  action: 'set-snapshot-ref';
  'ref-name': string;
  type: 'branch' | 'tag';
  'snapshot-id': bigint;
  'min-snapshots-to-keep'?: number | undefined;
  'max-snapshot-age-ms'?: number | undefined;
  'max-ref-age-ms'?: number | undefined;
}

export interface TableCommit {
  requirements: TableRequirement[];
  updates: TableUpdate[];
}

/** The same for a view (`ViewRequirement` and `ViewUpdate`). */
export interface ViewCommit {
  requirements: { type: 'assert-view-uuid'; uuid: string }[];
  updates: ViewUpdate[];
}

export type ViewUpdate =
  | { action: 'add-schema'; schema: Document; 'last-column-id'?: number }
  | { action: 'add-view-version'; 'view-version': Document }
  | { action: 'set-current-view-version'; 'view-version-id': number }
  | { action: 'set-location'; location: string }
  | { action: 'set-properties'; updates: Record<string, string> }
  | { action: 'remove-properties'; removals: string[] };

/** The snapshots that a commit adds: what proves that it took effect. */
export function addedSnapshots({ updates }: TableCommit): (Document & { 'snapshot-id': bigint })[] {
  return updates.flatMap((update) => (update.action === 'add-snapshot' ? [update.snapshot] : []));
}
