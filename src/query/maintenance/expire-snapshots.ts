/** expire_snapshots. */
import {
  applyUpdates,
  asItIs,
  type DefinitionUpdate,
  type Expiry,
  expiryOf,
  filesNamedBy,
  manifestsOf,
  removeUnused,
  type UnneededFiles,
  withoutNeeded,
} from '../../iceberg/index.js';
import { changeTable } from '../committing/commit.js';
import type { Proposal } from '../committing/contract.js';
import type { StatementContext } from '../environment.js';
import { refuseMaintenance } from '../tables/restricted.js';
import { loadTable, type PinnedTable } from '../tables/tables.js';
import type { Arguments } from './arguments.js';
import { optional, required } from './parameter.js';
import { answer, type Procedure } from './procedure.js';
import { removeFiles, requireGarbageCollection } from './removal.js';
import { tableToChange } from './target.js';

/**
 * Which files go is found out before the commit, and which of them stay after it, by the table as it is then: what anybody made current, tagged
 * or added meanwhile keeps its files.
 */
export const expireSnapshots: Procedure = {
  parameters: [
    required('table', 'string'),
    optional('older_than', 'timestamp'),
    optional('retain_last', 'int'),
    optional('max_concurrent_deletes', 'int'),
    optional('stream_results', 'boolean'),
    optional('snapshot_ids', 'longs'),
    optional('clean_expired_metadata', 'boolean'),
  ],
  schema: answer({
    deleted_data_files_count: 'long',
    deleted_position_delete_files_count: 'long',
    deleted_equality_delete_files_count: 'long',
    deleted_manifest_files_count: 'long',
    deleted_manifest_lists_count: 'long',
    deleted_statistics_files_count: 'long',
  }),
  async run(context, given) {
    const table = await tableToChange(context, given);
    requireGarbageCollection(table, given.statement);
    given.count('max_concurrent_deletes');
    const retainLast = given.count('retain_last');
    const now = Date.now();
    let files: UnneededFiles | undefined;
    await changeTable(context, table, async () => async (_, state) => {
      refuseMaintenance(state, given.statement);
      const expiry = expiryOf(state.metadata, {
        olderThan: given.timestamp('older_than'),
        retainLast,
        snapshotIds: given.longs('snapshot_ids'),
        now,
      });
      files = await filesOfExpired(context, state, expiry);
      return proposalOf(context, state, expiry, given);
    });
    if (!files) return [[0n, 0n, 0n, 0n, 0n, 0n]];
    const after = await loadTable(context, table.name);
    const gone =
      after.metadata.tableUuid === table.metadata.tableUuid
        ? await withoutNeeded(sourceOf(context, after), files)
        : undefined;
    const kinds = gone
      ? [gone.data, gone.positionDeletes, gone.equalityDeletes, gone.manifests, gone.manifestLists, gone.statistics]
      : [];
    for (const kind of kinds) await removeFiles(context, after, [...kind], 'The snapshots are expired');
    return [Array.from({ length: 6 }, (_, index) => BigInt(kinds[index]?.size ?? 0))];
  },
};

function sourceOf({ call }: StatementContext, { metadata, storage }: PinnedTable) {
  return { metadata, storage, signal: call.signal };
}

async function filesOfExpired(
  context: StatementContext,
  state: PinnedTable,
  { snapshotIds }: Expiry,
): Promise<UnneededFiles | undefined> {
  if (snapshotIds.length === 0) return undefined;
  const expired = new Set(snapshotIds);
  const snapshots = state.metadata.snapshots.filter(({ snapshotId }) => expired.has(snapshotId));
  return filesNamedBy(sourceOf(context, state), snapshots);
}

/** Only while every reference is where it was: one that came to an expired snapshot meanwhile would go with it. */
async function proposalOf(
  context: StatementContext,
  state: PinnedTable,
  { snapshotIds, references }: Expiry,
  given: Arguments,
): Promise<Proposal | undefined> {
  const { metadata } = state;
  const expired = new Set(snapshotIds);
  const hasExpired = ({ snapshotId }: { snapshotId: bigint }) => expired.has(snapshotId);
  const updates: DefinitionUpdate[] = [
    ...references.map((name) => ({ action: 'remove-snapshot-ref' as const, 'ref-name': name })),
    ...metadata.statistics
      .filter(hasExpired)
      .map(({ snapshotId }) => ({ action: 'remove-statistics' as const, 'snapshot-id': snapshotId })),
    ...metadata.partitionStatistics
      .filter(hasExpired)
      .map(({ snapshotId }) => ({ action: 'remove-partition-statistics' as const, 'snapshot-id': snapshotId })),
    ...(snapshotIds.length > 0 ? [{ action: 'remove-snapshots' as const, 'snapshot-ids': snapshotIds }] : []),
  ];
  let after = applyUpdates(metadata, updates);
  if (given.boolean('clean_expired_metadata')) {
    const manifests = await manifestsOf(sourceOf(context, state), after.snapshots);
    const unused = removeUnused(after, new Set([...manifests.values()].map(({ specId }) => specId)));
    updates.push(...unused);
    after = applyUpdates(after, unused);
  }
  if (updates.length === 0) return undefined;
  const requirements = Object.keys(metadata.refs).map((name) => asItIs(metadata, name));
  return {
    commit: { requirements: [{ type: 'assert-table-uuid', uuid: metadata.tableUuid }, ...requirements], updates },
    after,
    written: [],
  };
}
