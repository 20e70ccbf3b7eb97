/** CREATE OR REPLACE TABLE: a new definition, and with AS new rows, in one commit that keeps the table and its history. */
import { SkuaError } from '../../errors.js';
import {
  applySnapshot,
  prepareSnapshot,
  replacementOf,
  schemaOf,
  sortFields,
  type TableDefinition,
} from '../../iceberg/index.js';
import type { DataFile, Schema, TableMetadata } from '../../iceberg/types.js';
import { normalizeLocation } from '../../storage/index.js';
import { changeTable } from '../committing/commit.js';
import type { Propose } from '../committing/contract.js';
import { changedMeanwhile } from '../committing/lost-race.js';
import type { StatementContext } from '../environment.js';
import { asFolder } from '../maintenance/places.js';
import type { CreateTableStatement } from '../syntax/statement.js';
import { refuseChanges } from '../tables/restricted.js';
import type { PinnedTable } from '../tables/tables.js';
import { executionSummary } from '../writing/execution.js';
import { authorizeChange, recordsOf } from '../writing/write.js';
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
  if (
    statement.location !== undefined &&
    asFolder(normalizeLocation(statement.location)) !== asFolder(normalizeLocation(table.metadata.location))
  ) {
    throw new SkuaError('UNIMPLEMENTED', 'CREATE OR REPLACE TABLE keeps the location of the table');
  }
  refuseChanges(table, 'CREATE OR REPLACE TABLE');
  if (table.isStaged) {
    throw new SkuaError('UNIMPLEMENTED', 'A table that the transaction itself creates can not be replaced in it');
  }
  const definition = {
    schema,
    spec: specOfDefinition(statement.partitions, schema),
    sortOrder: sortFields(schema.fields, statement.sortedBy),
    properties: tableProperties(statement),
  };
  await authorizeChange(context, table);
  let files: DataFile[] = [];
  await changeTable(context, table, async (state) => {
    const { metadata } = replacementOf(state.metadata, definition);
    files = await write({ ...state, metadata, schema: schemaOf(metadata), snapshotId: undefined });
    return replacingBy(table, definition, files);
  });
  return recordsOf(files);
}

/** The files that are written have to fit the newest state of the table too: ABORTED where its ids have moved on. */
function replacingBy(before: PinnedTable, definition: TableDefinition, files: readonly DataFile[]): Propose {
  return async (context, state) => {
    refuseChanges(state, 'CREATE OR REPLACE TABLE');
    if (idsOf(state.metadata) !== idsOf(before.metadata)) {
      throw changedMeanwhile(before, state, 'its columns or partitions are others');
    }
    const { metadata, commit } = replacementOf(state.metadata, definition);
    if (files.length === 0) return { commit, after: metadata, written: [] };
    const summary = executionSummary(context, recordsOf(files));
    const snapshot = await prepareSnapshot(
      metadata,
      { operation: 'append', added: [...files], summary },
      state.storage,
    );
    return {
      commit: { requirements: commit.requirements, updates: [...commit.updates, ...snapshot.updates] },
      after: applySnapshot(metadata, snapshot),
      written: snapshot.written,
    };
  };
}

function idsOf({ tableUuid, currentSchemaId, lastColumnId, defaultSpecId, lastPartitionId }: TableMetadata): string {
  return [tableUuid, currentSchemaId, lastColumnId, defaultSpecId, lastPartitionId].join();
}
