/** Writes the rows of a query as data files, which a commit then makes part of a table. */
import type { TableRequirement, TableUpdate } from '../../catalog/index.js';
import type { BoundStatement, CheckedColumns, ParameterRow, WriteOptions } from '../../engine/contract.js';
import { SkuaError } from '../../errors.js';
import {
  applySnapshot,
  asItIs,
  currentSchema,
  fieldsById,
  MAIN_BRANCH,
  prepareSnapshot,
  removalKey,
  type SnapshotChange,
  setReference,
} from '../../iceberg/index.js';
import type { DataFile, DeleteFile, NestedField } from '../../iceberg/types.js';
import type { Proposal, Propose } from '../committing/contract.js';
import { changedMeanwhile } from '../committing/lost-race.js';
import type { StatementContext } from '../environment.js';
import { filesForChange } from '../reading/planned-by-catalog.js';
import { refuseChanges } from '../tables/restricted.js';
import { catalogOf, engineTable, type PinnedTable } from '../tables/tables.js';
import { executionSummary, refuseRepetition } from './execution.js';

export interface RowSource {
  /** Its columns are in table order. */
  statement: BoundStatement;
  parameters?: ParameterRow | undefined;
  /** Default: all columns. */
  checked?: CheckedColumns;
}

/**
 * Asks the catalog whether the caller may change the table, by a commit that changes nothing: it sets the branch to where it is. Asking
 * first means that nothing is computed or uploaded for a change that will be refused. A change that the table has already: AlreadyCommitted.
 */
export async function authorizeChange(context: StatementContext, table: PinnedTable): Promise<void> {
  context.transaction?.requireChangeable();
  if (table.isStaged) return;
  refuseRepetition(context, table.metadata);
  const { tableUuid, refs } = table.metadata;
  const requirements: TableRequirement[] = [{ type: 'assert-table-uuid', uuid: tableUuid }];
  const updates: TableUpdate[] = [];
  const branch = table.branch && refs[table.branch.name] ? table.branch.name : MAIN_BRANCH;
  const reference = refs[branch];
  if (reference) {
    requirements.push(asItIs(table.metadata, branch));
    updates.push(setReference(branch, reference));
  }
  try {
    const { namespace, name } = table.name;
    await catalogOf(context, table.name.catalog).probeTable({ namespace, name }, { requirements, updates });
  } catch (error) {
    // The requirement failed because somebody else was faster, or the branch is at a snapshot of this transaction: allowed all the same.
    if (!(error instanceof SkuaError) || error.code !== 'ABORTED') throw error;
  }
}

/** What is other than the table says: the columns of the query, and the order of the rows. */
export type WriteFilesOptions = Pick<WriteOptions, 'columns' | 'order'>;

/** Writes and uploads the rows of a query as data files of the table's default partition spec, not yet part of any snapshot. */
export async function writeDataFiles(
  context: StatementContext,
  table: PinnedTable,
  source: RowSource,
  options: WriteFilesOptions = {},
): Promise<DataFile[]> {
  const { environment, call } = context;
  const engine = await environment.engine(call);
  return engine.writeDataFiles(source.statement, {
    signal: call.signal,
    table: engineTable(table),
    ...options,
    parameters: source.parameters,
    checked: source.checked,
    targetFileSize: environment.limits.targetFileSize,
  });
}

/** Makes uploaded files part of the table that they were written for; undefined where there are none. */
export function appending(table: PinnedTable, files: readonly DataFile[]): Propose | undefined {
  if (files.length === 0) return undefined;
  return (context, state) => {
    requireColumns(table, state);
    return proposal(context, state, { operation: 'append', added: [...files] });
  };
}

interface Replacement {
  /** Which of the files are replaced. Default: all. */
  isReplaced?: (file: DataFile | DeleteFile) => boolean;
  /** What the snapshot's summary says besides. */
  summary?: Record<string, string>;
}

/** Makes uploaded files the content of the table, or of a part of it. */
export function replacing(
  table: PinnedTable,
  files: readonly DataFile[],
  { isReplaced = () => true, summary = {} }: Replacement = {},
): Propose {
  return async (context, state) => {
    refuseChanges(state, 'Replacing rows');
    requireColumns(table, state);
    if (state.metadata.defaultSpecId !== table.metadata.defaultSpecId) {
      throw changedMeanwhile(table, state, 'it is partitioned in another way');
    }
    const tasks = await filesForChange(context, state);
    const replaced = tasks.flatMap(({ file, deletes }) =>
      isReplaced(file) ? [file, ...deletes.filter(isReplaced)] : [],
    );
    const removed = [...new Set(replaced.map(removalKey))];
    return proposal(context, state, { operation: 'overwrite', added: [...files], removed, summary });
  };
}

/** The files hold the columns that the table had, which have to be columns of it still, and to be allowed the nulls that they may hold. */
function requireColumns(before: PinnedTable, now: PinnedTable): void {
  const current = fieldsById(currentSchema(now.metadata).fields);
  const written = [...fieldsById(currentSchema(before.metadata).fields).values()];
  const fits = ({ id, required }: NestedField) => current.has(id) && (required || current.get(id)?.required !== true);
  if (!written.every(fits)) throw changedMeanwhile(before, now, 'its columns are others');
}

/** One snapshot more, on the state that it is proposed of. */
export async function proposal(
  context: StatementContext,
  state: PinnedTable,
  change: SnapshotChange,
): Promise<Proposal> {
  const summary = { ...change.summary, ...executionSummary(context, recordsOf(change.added)) };
  const prepared = await prepareSnapshot(state.metadata, publishedAs(state, { ...change, summary }), state.storage);
  const { requirements, updates, written } = prepared;
  return { commit: { requirements, updates }, after: applySnapshot(state.metadata, prepared), written };
}

/** The change as one of the state's branch, or as one that is staged. */
export function publishedAs({ branch, wapId }: PinnedTable, change: SnapshotChange): SnapshotChange {
  if (wapId !== undefined) return { ...change, isStaged: true, summary: { ...change.summary, 'wap.id': wapId } };
  return branch ? { ...change, branch: branch.name } : change;
}

export function recordsOf(files: readonly DataFile[]): number {
  return files.reduce((sum, file) => sum + file.recordCount, 0);
}
