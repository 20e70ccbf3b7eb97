/** What a change looked at in its table, so that it can be told whether another commit touched that. */
import type { TableRead } from '../../engine/contract.js';
import type { FileTask } from '../../iceberg/contract.js';
import { currentSchema, removalKey, sameSchema } from '../../iceberg/index.js';
import type { StatementContext } from '../environment.js';
import type { BoundQuery } from '../reading/bind.js';
import { stateKey } from '../tables/branch-state.js';
import { engineTable, type PinnedTable } from '../tables/tables.js';

/** Whether a newer state of the table holds just what the change read: it would compute the same from it. */
export type Reads = (context: StatementContext, state: PinnedTable) => Promise<boolean>;

/** The scans of the table in a query that was run: the same files, with the same deletes, have to be planned for each. */
export function readsOf(table: PinnedTable, bound: BoundQuery, reads: readonly TableRead[]): Reads {
  const own = [...bound.tables.values()].flatMap((candidate, index) => {
    const read = reads[index];
    const isOwn = stateKey(candidate) === stateKey(table) && candidate.at === undefined;
    return isOwn && read ? [{ read, files: filesOf(read.tasks) }] : [];
  });
  return async (context, state) => {
    if (!isAlike(table, state)) return false;
    for (const { read, files } of own) {
      const tasks = await read.tasksOf(engineTable(state), context.call.signal);
      if (filesOf(tasks) !== files) return false;
    }
    return true;
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
