import type { LoadedTable } from '../../catalog/index.js';
import type { PartOfTable } from '../../engine/contract.js';
import type { ReadRestrictions } from '../../governance/index.js';
import type { Schema, TableMetadata } from '../../iceberg/types.js';
import type { Storage } from '../../storage/index.js';
import type { TableName } from './names.js';

/** A table as one statement sees it. */
export interface PinnedTable {
  name: TableName;
  loaded: LoadedTable;
  metadata: TableMetadata;
  /** Absent for a table without snapshots. */
  snapshotId: bigint | undefined;
  schema: Schema;
  storage: Storage;
  /** The time travel clause that chose the snapshot. */
  at?: string;
  /** Only a part of the rows. */
  part?: PartOfTable;
  /** What its catalog lets the caller read of it; absent where that is all. */
  restrictions?: ReadRestrictions;
  /** Hidden columns that the statement names. */
  hidden?: string[];
  /** The branch that changes go to, and at whose head the snapshot is; `isNamed`: by the statement, and not by the session. Absent for main. */
  branch?: { name: string; isNamed: boolean };
  /** Changes are staged under this id, as no branch's (write-audit-publish). */
  wapId?: string;
  /** When the load began, by `performance.now()`: what was committed before it is part of the state. */
  loadedAt: number;
  /** The transaction that the statement is part of has changed it, and not committed that. */
  isChanged?: boolean;
  /** The catalog has only staged it: a commit with the requirement `assert-create` makes it. */
  isStaged?: boolean;
}
