/** Tables as statements name them to change their rows. */
import { SkuaError } from '../../errors.js';
import type { StatementContext } from '../environment.js';
import { ifThere, referenceInPath } from './branch-state.js';
import { branchToChange, forWriting } from './branches.js';
import { resolveTable, type TableName } from './names.js';
import { loadTable, loadTableOrView, namesOf, type PinnedTable } from './tables.js';
import type { View } from './views.js';

/**
 * The table of that name, in the state that its changes go on from: of its main branch, of one that is named (`t.branch_audit`), or of the one
 * that the session writes to. A view of that name as well.
 */
export function loadTargetNamed(context: StatementContext, path: readonly string[]): Promise<PinnedTable | View> {
  return loadNamed(context, path, loadTableOrView);
}

/** The same of a table only. */
export function loadTableToWrite(context: StatementContext, path: readonly string[]): Promise<PinnedTable> {
  return loadNamed<PinnedTable>(context, path, loadTable);
}

async function loadNamed<T extends PinnedTable | View>(
  context: StatementContext,
  path: readonly string[],
  load: (context: StatementContext, name: TableName) => Promise<T>,
): Promise<T | PinnedTable> {
  const names = namesOf(context);
  const reference = referenceInPath(path);
  try {
    const found = await load(context, resolveTable(names, path));
    return 'sql' in found ? found : forWriting(context, found);
  } catch (error) {
    if (!reference || !(error instanceof SkuaError) || error.code !== 'NOT_FOUND') throw error;
    const table = await ifThere(loadTable(context, resolveTable(names, reference.table)));
    if (!table) throw error;
    return branchToChange(context, table, reference);
  }
}
