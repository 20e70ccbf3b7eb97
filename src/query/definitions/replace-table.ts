/** CREATE OR REPLACE TABLE: a new definition, and with AS new rows, in one commit that keeps the table and its history. */
import { CommitStateUnknown } from '../../catalog/index.js';
import { SkuaError } from '../../errors.js';
import { prepareSnapshot, replacementOf, schemaOf } from '../../iceberg/index.js';
import type { DataFile, Schema } from '../../iceberg/types.js';
import type { StatementContext } from '../environment.js';
import type { CreateTableStatement } from '../syntax/statement.js';
import { displayName } from '../tables/names.js';
import { refuseChanges } from '../tables/restricted.js';
import { catalogOf, loadTable, type PinnedTable } from '../tables/tables.js';
import { executionSummary } from '../writing/execution.js';
import { mayRetry } from '../writing/retries.js';
import { authorizeChange, undone } from '../writing/write.js';
import { specOfDefinition, tableProperties } from './definitions.js';

/**
 * Replaces a table. `write` writes the rows of the new definition as data files that are part of no snapshot yet. On failure the table is
 * what it was. The rows written.
 */
export async function replaceTable(
  context: StatementContext,
  table: PinnedTable,
  statement: CreateTableStatement,
  schema: Schema,
  write: (replaced: PinnedTable) => Promise<DataFile[]>,
): Promise<number> {
  if (statement.location !== undefined && statement.location.replace(/\/+$/, '') !== table.metadata.location) {
    throw new SkuaError('UNIMPLEMENTED', 'CREATE OR REPLACE TABLE keeps the location of the table');
  }
  refuseChanges(table, 'CREATE OR REPLACE TABLE');
  const definition = {
    schema,
    spec: specOfDefinition(statement.partitions, schema),
    properties: tableProperties(statement),
  };
  await authorizeChange(context, table);
  const { metadata } = replacementOf(table.metadata, definition);
  const files = await write({ ...table, metadata, schema: schemaOf(metadata), snapshotId: undefined });
  const rows = files.reduce((sum, file) => sum + file.recordCount, 0);
  let current = table;
  for (let attempt = 0; ; attempt++) {
    const prepared = await prepare(context, current, definition, files, rows);
    const written = [...files.map(({ location }) => location), ...prepared.written];
    try {
      await catalogOf(context, table.name.catalog).commitTable(table.name, prepared.commit);
      return rows;
    } catch (error) {
      if (error instanceof CommitStateUnknown) throw error;
      if (!(await mayRetry(context, attempt, error))) throw await undone(error, current, written);
      try {
        current = await reload(context, table);
      } catch (reloadError) {
        throw await undone(reloadError, current, written);
      }
      await current.storage.remove(prepared.written);
    }
  }
}

async function prepare(
  context: StatementContext,
  table: PinnedTable,
  definition: Parameters<typeof replacementOf>[1],
  files: DataFile[],
  rows: number,
) {
  const { metadata, commit } = replacementOf(table.metadata, definition);
  if (files.length === 0) return { commit, written: [] };
  try {
    const summary = executionSummary(context, rows);
    const snapshot = await prepareSnapshot(metadata, { operation: 'append', added: files, summary }, table.storage);
    const updates = [...commit.updates, ...snapshot.updates];
    return { commit: { requirements: commit.requirements, updates }, written: snapshot.written };
  } catch (error) {
    throw await undone(
      error,
      table,
      files.map(({ location }) => location),
    );
  }
}

/** The table's newest state, which the files that are written still have to fit: ABORTED where its ids have moved on. */
async function reload(context: StatementContext, table: PinnedTable): Promise<PinnedTable> {
  const fresh = await loadTable(context, table.name);
  refuseChanges(fresh, 'CREATE OR REPLACE TABLE');
  const ids = ({ metadata }: PinnedTable) =>
    [
      metadata.tableUuid,
      metadata.currentSchemaId,
      metadata.lastColumnId,
      metadata.defaultSpecId,
      metadata.lastPartitionId,
    ].join();
  if (ids(fresh) === ids(table)) return fresh;
  throw new SkuaError('ABORTED', `Table ${displayName(table.name)} was changed by somebody else meanwhile; try again`);
}
