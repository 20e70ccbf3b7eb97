/** What a change looked at in its table, so that it can be told whether another commit touched that. */
import type { ScanDemand } from '../../engine/contract.js';
import type { FileTask } from '../../iceberg/contract.js';
import { currentSchema, removalKey, sameSchema } from '../../iceberg/index.js';
import type { StatementContext } from '../environment.js';
import type { BoundQuery } from '../reading/bind.js';
import { type StagedScan, StagingArea } from '../reading/stage.js';
import { tableKey } from '../tables/names.js';
import type { PinnedTable } from '../tables/tables.js';

/** Whether a newer state of the table holds just what the change read: it would compute the same from it. */
export type Reads = (context: StatementContext, state: PinnedTable) => Promise<boolean>;

/** The scans of the table in a query that was staged: the same files, with the same deletes, have to be planned for each. */
export function readsOf(
  table: PinnedTable,
  bound: BoundQuery,
  staged: readonly StagedScan[],
  demands: readonly ScanDemand[],
): Reads {
  const scans = [...bound.tables].flatMap(([name, candidate], index) => {
    const demand = demands.find(({ table: scanned }) => scanned === name);
    const scan = staged[index];
    const isOwn = tableKey(candidate.name) === tableKey(table.name) && candidate.at === undefined;
    return isOwn && demand && scan ? [{ candidate, demand, scan, files: filesOf(scan.plan.tasks) }] : [];
  });
  return async (context, state) => {
    if (!isAlike(table, state)) return false;
    const { directory } = await context.environment.instance(context.call);
    const area = new StagingArea(context, directory);
    try {
      for (const { candidate, demand, scan, files } of scans) {
        const { metadata, snapshotId, storage, loaded } = state;
        const plan = await area.plan({ ...candidate, metadata, snapshotId, storage, loaded }, demand, scan.learnt);
        if (filesOf(plan.tasks) !== files) return false;
      }
      return true;
    } finally {
      await area.release();
    }
  };
}

/** The same of all files of a table. */
export function allFiles(
  table: PinnedTable,
  tasks: readonly FileTask[],
  plan: (context: StatementContext, state: PinnedTable) => Promise<readonly FileTask[]>,
): Reads {
  const files = filesOf(tasks);
  return async (context, state) => isAlike(table, state) && filesOf(await plan(context, state)) === files;
}

function isAlike({ metadata: one }: PinnedTable, { metadata: other }: PinnedTable): boolean {
  return (
    one.formatVersion === other.formatVersion &&
    one.defaultSpecId === other.defaultSpecId &&
    sameSchema(currentSchema(one), currentSchema(other))
  );
}

function filesOf(tasks: readonly FileTask[]): string {
  const names = tasks.map(({ file, deletes }) => [file.location, ...deletes.map(removalKey).sort()].join(' '));
  return names.sort().join('\n');
}
