/** What ALTER does, one alteration at a time. Columns are paths: `[column]`, `[column, field, …]`. */
import type { PartitionDefinition, SortDefinition } from './partition.js';

export type TableAlteration =
  | AddColumn
  | { kind: 'drop-column'; path: string[]; ifExists: boolean }
  | { kind: 'rename-column'; path: string[]; name: string }
  | { kind: 'set-type'; path: string[]; type: string }
  | { kind: 'set-required'; path: string[]; required: boolean }
  /** A literal in SQL; none takes the default away. */
  | { kind: 'set-default'; path: string[]; default: string | undefined }
  | { kind: 'comment-column'; path: string[]; comment: string | undefined }
  | { kind: 'move-column'; path: string[]; place: ColumnPlace }
  /** The columns of the primary key; none takes it away. */
  | { kind: 'set-identifier'; paths: string[][] }
  | PropertyAlteration
  | { kind: 'add-partition-field'; field: PartitionDefinition }
  | { kind: 'drop-partition-field'; field: PartitionDefinition }
  /** The whole of the default partition spec; none makes the table unpartitioned. */
  | { kind: 'set-partitions'; fields: PartitionDefinition[] }
  | { kind: 'set-sort-order'; fields: SortDefinition[] }
  | ReferenceAlteration;

export type ReferenceAlteration =
  | SetReference
  | { kind: 'drop-reference'; type: 'branch' | 'tag'; name: string; ifExists: boolean };

/** Ages are in milliseconds. */
export interface SetReference {
  kind: 'set-reference';
  type: 'branch' | 'tag';
  name: string;
  how: 'create' | 'replace' | 'create-or-replace';
  ifNotExists: boolean;
  /** The id of a snapshot, or the name of a branch or tag. Default: the current snapshot. */
  version?: string;
  maxRefAgeMs?: number;
  minSnapshotsToKeep?: number;
  maxSnapshotAgeMs?: number;
}

export interface AddColumn {
  kind: 'add-column';
  path: string[];
  /** SQL type as written. */
  type: string;
  required: boolean;
  comment: string | undefined;
  /** A literal in SQL. */
  default: string | undefined;
  place: ColumnPlace | undefined;
  ifNotExists: boolean;
}

/** Among the fields of the same struct. */
export type ColumnPlace = 'first' | { after: string };

export type PropertyAlteration =
  | { kind: 'set-properties'; properties: Record<string, string> }
  | { kind: 'remove-properties'; keys: string[] };

export interface AlterTableStatement {
  kind: 'alter-table';
  table: string[];
  ifExists: boolean;
  alterations: TableAlteration[];
  /** Answers how many properties there are afterwards. */
  countsProperties?: boolean;
}

export interface AlterViewStatement {
  kind: 'alter-view';
  view: string[];
  ifExists: boolean;
  alterations: PropertyAlteration[];
}

export interface AlterSchemaStatement {
  kind: 'alter-schema';
  schema: string[];
  ifExists: boolean;
  alterations: PropertyAlteration[];
  /** Answers how many properties there are afterwards. */
  countsProperties?: boolean;
}

export interface RenameStatement {
  kind: 'rename-table' | 'rename-view';
  from: string[];
  /** One name stays in the schema. */
  to: string[];
  ifExists: boolean;
}
