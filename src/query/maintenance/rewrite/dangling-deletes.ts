/** remove_dangling_deletes: delete files that take no row from any file that is there. */
import { danglingDeletes, removalKey } from '../../../iceberg/index.js';
import { changeTable } from '../../committing/commit.js';
import type { StatementContext } from '../../environment.js';
import { refuseMaintenance } from '../../tables/restricted.js';
import type { PinnedTable } from '../../tables/tables.js';
import { proposal } from '../../writing/write.js';
import type { Arguments } from '../arguments.js';
import { required } from '../parameter.js';
import { answer, type Procedure } from '../procedure.js';
import { tableToChange } from '../target.js';

export const removeDangling: Procedure = {
  parameters: [required('table', 'string')],
  schema: answer({ removed_delete_files_count: 'int' }),
  run: async (context, given) => [[await removeDanglingDeletes(context, given, await tableToChange(context, given))]],
};

/** How many were removed. Which ones is found out of the state that the commit is made of. */
export async function removeDanglingDeletes(
  context: StatementContext,
  given: Arguments,
  table: PinnedTable,
): Promise<number> {
  let count = 0;
  await changeTable(context, table, async () => async (now, state) => {
    refuseMaintenance(state, given.statement);
    const { metadata, storage, snapshotId } = state;
    const dangling = await danglingDeletes({ metadata, storage, signal: context.call.signal }, snapshotId);
    count = dangling.length;
    if (count === 0) return undefined;
    return proposal(now, state, { operation: 'replace', added: [], removed: dangling.map(removalKey) });
  });
  return count;
}
