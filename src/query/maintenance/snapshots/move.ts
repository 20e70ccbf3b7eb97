/** Moves a branch by a commit of its own. */
import { SkuaError } from '../../../errors.js';
import { applyUpdates, MAIN_BRANCH, referenceCommit, requireBranch } from '../../../iceberg/index.js';
import type { TableMetadata } from '../../../iceberg/types.js';
import { changeTable } from '../../committing/commit.js';
import type { Proposal } from '../../committing/contract.js';
import type { StatementContext } from '../../environment.js';
import { displayName } from '../../tables/names.js';
import { refuseMaintenance } from '../../tables/restricted.js';
import type { PinnedTable } from '../../tables/tables.js';

export interface Moved {
  /** Undefined for a branch that came to be. */
  previous: bigint | undefined;
  current: bigint;
}

/** `choose` says where the branch goes, of the state that the commit is made of. */
export async function moveBranch(
  context: StatementContext,
  table: PinnedTable,
  statement: string,
  choose: (metadata: TableMetadata) => bigint,
  branch = MAIN_BRANCH,
): Promise<Moved> {
  let moved: Moved | undefined;
  await changeTable(context, table, async () => async (_, state) => {
    refuseMaintenance(state, statement);
    const { metadata } = state;
    const current = choose(metadata);
    moved = { previous: requireBranch(metadata, branch)?.snapshotId, current };
    return branchProposal(metadata, branch, current);
  });
  if (!moved) throw new SkuaError('INTERNAL', `Nothing was decided for ${displayName(table.name)}`);
  return moved;
}

/** The commit that moves a branch; undefined where it is there already. */
export function branchProposal(metadata: TableMetadata, branch: string, snapshotId: bigint): Proposal | undefined {
  const wanted = { ...requireBranch(metadata, branch), type: 'branch' as const, snapshotId };
  const { requirements, updates } = referenceCommit(metadata, branch, wanted);
  if (updates.length === 0) return undefined;
  return {
    commit: { requirements: [{ type: 'assert-table-uuid', uuid: metadata.tableUuid }, ...requirements], updates },
    after: applyUpdates(metadata, updates),
    written: [],
  };
}
