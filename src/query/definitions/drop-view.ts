/** DROP VIEW and DROP MATERIALIZED VIEW. */
import type { LoadedView } from '../../catalog/index.js';
import { SkuaError } from '../../errors.js';
import type { StatementContext } from '../environment.js';
import type { DropStatement } from '../syntax/statement.js';
import { displayName, resolveTable, type TableName } from '../tables/names.js';
import { isRefresh } from '../tables/refresh-state.js';
import { storageTableOf } from '../tables/storage-table.js';
import { catalogOf, loadTable, namesOf } from '../tables/tables.js';
import { dropTemporaryView } from '../tables/temporary.js';
import { existingView } from './create-view.js';
import { ignoring } from './definitions.js';
import { purgeTable } from './purge.js';

/**
 * Drops a view; a materialized one with the table of its rows, files and all, if the statement says that it is one, and else not at all:
 * FAILED_PRECONDITION. One that is none, where the statement says that it is: INVALID_ARGUMENT.
 */
export async function dropView(context: StatementContext, statement: DropStatement): Promise<void> {
  const { isMaterialized = false } = statement;
  if (!isMaterialized && dropTemporaryView(context, statement.table)) return;
  const name = resolveTable(namesOf(context), statement.table);
  const existing = await viewToDrop(context, name);
  const storage = existing && storageTableOf(name, existing.metadata);
  if (storage && !isMaterialized) {
    throw new SkuaError(
      'FAILED_PRECONDITION',
      `${displayName(name)} is a materialized view; write DROP MATERIALIZED VIEW`,
    );
  }
  if (existing && !storage && isMaterialized) {
    throw new SkuaError('INVALID_ARGUMENT', `${displayName(name)} is no materialized view; write DROP VIEW`);
  }
  const table = storage && (await storageOf(context, storage));
  await ignoring(statement.ifExists ? 'NOT_FOUND' : undefined, () => catalogOf(context, name.catalog).dropView(name));
  if (table) await ignoring('NOT_FOUND', () => purgeTable(context, table));
}

/** The storage table, which goes with its view; undefined where it is gone already. One with rows of somebody else: FAILED_PRECONDITION. */
async function storageOf(context: StatementContext, name: TableName): Promise<TableName | undefined> {
  try {
    const { metadata } = await loadTable(context, name);
    if (metadata.snapshots.length === 0 || metadata.snapshots.some(isRefresh)) return name;
  } catch (error) {
    if (error instanceof SkuaError && error.code === 'NOT_FOUND') return undefined;
    throw error;
  }
  throw new SkuaError(
    'FAILED_PRECONDITION',
    `Table ${displayName(name)} holds other rows than those of the view; rename one of them, and drop the view then`,
  );
}

/** Undefined also where the caller may not see it: whether it may be dropped is the catalog's to say. */
async function viewToDrop(context: StatementContext, name: TableName): Promise<LoadedView | undefined> {
  try {
    return await existingView(context, name);
  } catch (error) {
    if (error instanceof SkuaError && (error.code === 'PERMISSION_DENIED' || error.code === 'UNIMPLEMENTED'))
      return undefined;
    throw error;
  }
}
