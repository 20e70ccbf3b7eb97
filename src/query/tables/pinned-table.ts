import type { LoadedTable } from '../../catalog/index.js';
import type { ReadBarrier, ReadRestrictions } from '../../governance/index.js';
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
  /** Only a part of the rows: those that appends added after a snapshot, or those in files that another snapshot does not hold alike. */
  part?: { kind: 'appendedAfter' | 'notIn'; snapshotId: bigint };
  /** What its catalog lets the caller read of it; absent where that is all. */
  restrictions?: ReadRestrictions;
  /** The restrictions as they hold for every scan of this state of the table. */
  barrier?: ReadBarrier;
  /** Hidden columns that the statement names. */
  hidden?: string[];
  /** When the load began, by `performance.now()`: what was committed before it is part of the state. */
  loadedAt: number;
  /** The catalog has only staged it: a commit with the requirement `assert-create` makes it. */
  isStaged?: boolean;
}
