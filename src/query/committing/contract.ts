/** What is committed, as those who make changes see it. */
import type { TableCommit } from '../../catalog/index.js';
import type { TableMetadata } from '../../iceberg/types.js';
import type { StatementContext } from '../environment.js';
import type { PinnedTable } from '../tables/tables.js';

/** What a change asks the catalog for, made of one state of its table. */
export interface Proposal {
  commit: TableCommit;
  /** The table as it is once the commit has taken effect. */
  after: TableMetadata;
  /** Manifests and manifest list, of no use to another proposal of the change. */
  written: string[];
}

/**
 * Makes a proposal of a state of the table; undefined where there is nothing to do. Asked again where another commit was faster: a change that
 * the new state leaves as it was makes the same of it, one that it doesn't is computed anew if `mayCompute`, else it fails with ABORTED.
 */
export type Propose = (
  context: StatementContext,
  state: PinnedTable,
  options: { mayCompute: boolean },
) => Promise<Proposal | undefined>;
