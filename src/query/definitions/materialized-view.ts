/**
 * Materialized views: a view whose rows are kept in a table beside it, and computed anew when they are asked for (Iceberg view specification, draft
 * of materialized views).
 */
import { messageOf, SkuaError, toSkuaError } from '../../errors.js';
import { ancestorsOf, refuseLaterTypes } from '../../iceberg/index.js';
import type { DataFile, Schema } from '../../iceberg/types.js';
import { changeTable } from '../committing/commit.js';
import type { Propose } from '../committing/contract.js';
import { changedMeanwhile } from '../committing/lost-race.js';
import type { StatementContext } from '../environment.js';
import { Binder, type BoundQuery } from '../reading/bind.js';
import { reasonNotToKeep, stateOf } from '../reading/stored-rows.js';
import type { CreateTableStatement } from '../syntax/statement.js';
import type { CreateViewStatement, RefreshViewStatement } from '../syntax/view.js';
import { displayName, resolveTable, type TableName } from '../tables/names.js';
import type { PinnedTable } from '../tables/pinned-table.js';
import { isSameState, type RefreshState, refreshStateOf, refreshSummary } from '../tables/refresh-state.js';
import { storageTableOf } from '../tables/storage-table.js';
import { catalogOf, loadTable, loadTableOrView, namesOf } from '../tables/tables.js';
import type { View } from '../tables/views.js';
import { writeQuery } from '../writing/insert.js';
import { authorizeChange, proposal, recordsOf, replacing, writeDataFiles } from '../writing/write.js';
import { createAndFill } from './create-table.js';
import { boundView, existingView, putView } from './create-view.js';
import { ignoring } from './definitions.js';
import { purgeTable } from './purge.js';
import { replaceTable } from './replace-table.js';

/** What the storage table of a view is called. */
const SUFFIX = '__storage';

/**
 * Makes the storage table, then the view, and fills it unless the statement says otherwise. On failure there is neither, or what was there before.
 * The rows computed.
 */
export async function createMaterializedView(
  context: StatementContext,
  statement: CreateViewStatement,
): Promise<number> {
  const name = resolveTable(namesOf(context), statement.view);
  const { schema, bound } = await boundView(context, statement, name);
  requireKeepable(context, name, bound);
  const existing = await existingView(context, name);
  if (existing && statement.ifNotExists) return 0;
  if (existing && !statement.orReplace) {
    throw new SkuaError('ALREADY_EXISTS', `View already exists: ${displayName(name)}`);
  }
  const before = existing && storageTableOf(name, existing.metadata);
  const storage = before ?? { ...name, name: name.name + SUFFIX };
  const definition = storageDefinition(storage, statement, schema);
  if (before) await replaceTable(context, await loadTable(context, before), definition, schema, async () => []);
  else await createAndFill(context, definition, schema, undefined);
  const { properties: _, ...view } = statement;
  try {
    await putView(context, { ...view, properties: {} }, { name, schema, existing, storage });
    if (!statement.storage?.withData) return 0;
    return await refreshView(context, { kind: 'refresh-view', view: statement.view, full: true });
  } catch (error) {
    throw await withdrawn(context, { view: existing ? undefined : name, storage: before ? undefined : storage }, error);
  }
}

/** The failure, once what was made is gone again; it says so where something had to stay. */
async function withdrawn(
  context: StatementContext,
  { view, storage }: { view: TableName | undefined; storage: TableName | undefined },
  failure: unknown,
): Promise<unknown> {
  try {
    if (view) await ignoring('NOT_FOUND', () => catalogOf(context, view.catalog).dropView(view));
    if (storage) await purgeTable(context, storage);
    return failure;
  } catch (error) {
    const { code, message } = toSkuaError(failure);
    return new SkuaError(code, `${message} (what was made could not be dropped again: ${messageOf(error)})`, {
      cause: failure,
    });
  }
}

/** The properties of the statement are those of the table, which is where they say something. */
function storageDefinition(
  { catalog, namespace, name }: TableName,
  { properties, storage }: CreateViewStatement,
  { fields }: Schema,
): CreateTableStatement {
  return {
    kind: 'create-table',
    table: [catalog, ...namespace, name],
    orReplace: false,
    ifNotExists: false,
    columns: [],
    identifier: [],
    partitions: storage?.partitions ?? [],
    sortedBy: storage?.sortedBy ?? [],
    properties: { ...(fields.some(isLater) && { 'format-version': '3' }), ...properties },
  };
}

/** Whether tables of format version 2 can't have such a column. */
function isLater({ name, type }: Schema['fields'][number]): boolean {
  try {
    refuseLaterTypes(name, type, 2);
    return false;
  } catch {
    return true;
  }
}

/**
 * Computes the rows of a materialized view anew: where they are of the same state already, nothing is done, and where its table has only got more
 * rows since, from which its rows come one by one, those alone are computed. The rows written.
 */
export async function refreshView(context: StatementContext, statement: RefreshViewStatement): Promise<number> {
  const name = resolveTable(namesOf(context), statement.view);
  const view = await materializedView(context, name);
  const startedMs = Date.now();
  const bound = await new Binder(context).bindView(view);
  // Other materialized views in it are read where they are fresh; what its own rows are of is what those are computed from.
  const whole = await new Binder(context, {}, bound.lookUps).bindView(view, { computesViews: true });
  requireKeepable(context, name, whole);
  const storage = await loadTable(context, view.storageTable);
  await authorizeChange(context, storage);
  const state = stateOf(view, whole, startedMs);
  const kept = statement.full ? undefined : refreshStateOf(storage);
  if (kept && isSameState(kept, state)) return 0;
  const since = kept && (await appendedSince(kept, state, bound, view));
  const source = since ? { ...bound, tables: since } : bound;
  let files: DataFile[] = [];
  await changeTable(context, storage, async (table) => {
    const columns = table.schema.fields.map((field) => field.name);
    files = await writeQuery(context, table, { source }, columns, writeDataFiles);
    const summary = refreshSummary(state, view);
    return since ? adding(table, files, summary) : replacing(table, files, { summary });
  });
  return recordsOf(files);
}

async function materializedView(
  context: StatementContext,
  name: TableName,
): Promise<View & { storageTable: TableName }> {
  const found = await loadTableOrView(context, name);
  if ('sql' in found && found.storageTable) return { ...found, storageTable: found.storageTable };
  throw new SkuaError('INVALID_ARGUMENT', `${displayName(name)} is no materialized view`);
}

function requireKeepable(context: StatementContext, name: TableName, bound: BoundQuery): void {
  const reason = reasonNotToKeep(context, bound);
  if (reason === undefined) return;
  throw new SkuaError('FAILED_PRECONDITION', `The rows of ${displayName(name)} can't be kept: ${reason}`);
}

/**
 * The query's only table, by its name in the text, with nothing but the rows that were appended since; undefined where other things have changed, or
 * where the query's rows do not come one by one from the table's.
 */
async function appendedSince(
  kept: RefreshState,
  state: RefreshState,
  { tables, rowByRow, lookUps }: BoundQuery,
  view: View,
): Promise<BoundQuery['tables'] | undefined> {
  const [entry, ...others] = tables;
  if (!entry || others.length > 0 || rowByRow === undefined || rowByRow.limit !== undefined) return undefined;
  const [name, loaded] = entry;
  const before = kept.sources.find(({ type, uuid }) => type === 'table' && uuid === loaded.metadata.tableUuid);
  if (before?.type !== 'table' || loaded.at !== undefined) return undefined;
  const sources = state.sources.map((source) => (source.type === 'table' ? before : source));
  if (!isSameState(kept, { ...state, sources })) return undefined;
  const table = await lookUps.whole(loaded, [view.name]);
  const history = ancestorsOf(table.metadata, table.snapshotId);
  const since = history.findIndex(({ snapshotId }) => snapshotId === before.snapshotId);
  if (since < 0 || history.slice(0, since).some(({ summary }) => summary.operation !== 'append')) return undefined;
  return new Map([[name, { ...table, part: { kind: 'appendedAfter', snapshotId: before.snapshotId } }]]);
}

/** Rows beside those that the table had when they were computed, and beside no others: ABORTED where it has been refreshed meanwhile. */
function adding(table: PinnedTable, files: readonly DataFile[], summary: Record<string, string>): Propose {
  return async (context, state) => {
    if (state.snapshotId !== table.snapshotId) throw changedMeanwhile(table, state, 'it was refreshed');
    return proposal(context, state, { operation: 'append', added: [...files], summary });
  };
}
