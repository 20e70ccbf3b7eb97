/** cherrypick_snapshot and publish_changes. */
import { applySnapshot, cherryPick, MAIN_BRANCH, prepareSnapshot, stagedSnapshot } from '../../../iceberg/index.js';
import type { TableMetadata } from '../../../iceberg/types.js';
import { changeTable } from '../../committing/commit.js';
import type { Proposal } from '../../committing/contract.js';
import type { StatementContext } from '../../environment.js';
import { refuseMaintenance } from '../../tables/restricted.js';
import type { PinnedTable } from '../../tables/tables.js';
import type { Arguments } from '../arguments.js';
import { required } from '../parameter.js';
import { answer, type Procedure } from '../procedure.js';
import { tableToChange } from '../target.js';
import { branchProposal } from './move.js';

const schema = answer({ source_snapshot_id: 'long', current_snapshot_id: 'long' });

export const cherrypickSnapshot: Procedure = {
  parameters: [required('table', 'string'), required('snapshot_id', 'long')],
  schema,
  run: (context, given) => pick(context, given, () => given.required(given.long, 'snapshot_id')),
};

export const publishChanges: Procedure = {
  parameters: [required('table', 'string'), required('wap_id', 'string')],
  schema,
  run: (context, given) =>
    pick(context, given, (metadata) => stagedSnapshot(metadata, given.required(given.string, 'wap_id')).snapshotId),
};

async function pick(
  context: StatementContext,
  given: Arguments,
  choose: (metadata: TableMetadata) => bigint,
): Promise<unknown[][]> {
  const table = await tableToChange(context, given);
  let row: unknown[] = [];
  await changeTable(context, table, async () => async (_, state) => {
    refuseMaintenance(state, given.statement);
    const source = choose(state.metadata);
    const proposal = await proposalOf(state, source);
    row = [source, (proposal?.after ?? state.metadata).currentSnapshotId];
    return proposal;
  });
  return [row];
}

async function proposalOf(state: PinnedTable, source: bigint): Promise<Proposal | undefined> {
  const { metadata, storage } = state;
  const picked = await cherryPick(metadata, source, storage);
  if (picked.kind === 'change') {
    const prepared = await prepareSnapshot(metadata, picked.change, storage);
    const { requirements, updates, written } = prepared;
    return { commit: { requirements, updates }, after: applySnapshot(metadata, prepared), written };
  }
  return branchProposal(metadata, MAIN_BRANCH, picked.to.snapshotId);
}
