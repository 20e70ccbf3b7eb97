/** What position delete files say, written anew in fewer files. */
import { Schema } from 'apache-arrow';
import type { FileTask } from '../../iceberg/contract.js';
import type { DeleteFile } from '../../iceberg/types.js';
import { quoteName } from '../../sql/index.js';
import type { StatementContext } from '../environment.js';
import { statementOver, valuesOf } from '../reading/bound-query.js';
import { boundRows, rowsTable } from '../rows.js';
import { engineTable, type PinnedTable } from '../tables/tables.js';
import { appliedDeletes } from './applied-deletes.js';
import { changeColumns } from './change-query.js';
import { grouped } from './deletes.js';
import { writeDeletionVectors } from './deletion-vectors.js';
import type { Removal } from './removal.js';

/**
 * Deletes of the given files that are there, all of one partition, in place of these delete files of it; from format version 3 on deletion
 * vectors, with what else goes for them.
 */
export async function deletesOfFiles(
  context: StatementContext,
  table: PinnedTable,
  deletes: readonly DeleteFile[],
  tasks: readonly FileTask[],
  fileSize: number,
): Promise<Removal> {
  if (deletes.length === 0 || tasks.length === 0) return { addedDeletes: [], removed: [] };
  const engine = await context.environment.engine(context.call);
  const { signal } = context.call;
  if (table.metadata.formatVersion >= 3) {
    const schema = new Schema(changeColumns(table, { writes: false, ordinal: false }).map(({ field }) => field));
    const none = rowsTable('no rows', schema, []);
    const rows = { table: boundRows(none), from: quoteName(none.name), engine, readable: table };
    return writeDeletionVectors(context, table, rows, tasks);
  }
  const { tables, from: live } = appliedDeletes(table, tasks, deletes);
  const named = await valuesOf(
    engine,
    statementOver(context, `SELECT DISTINCT d.file_path FROM ${live}`, tables),
    signal,
  );
  const locations = new Set(named.map(([location]) => location));
  const touched = tasks.flatMap(({ file }) => (locations.has(file.location) ? [file] : []));
  // A newer delete file applies to every data file that an older one applies to, and to files of the same locations that came in between.
  const sequenceNumber = Math.max(...deletes.map((file) => file.sequenceNumber ?? 0));
  const addedDeletes: DeleteFile[] = [];
  const eachByItself = table.metadata.properties['write.delete.granularity'] === 'file';
  for (const group of grouped(touched, eachByItself)) {
    const statement = statementOver(context, `SELECT DISTINCT d.file_path, d.pos FROM ${live}`, tables);
    const written = await engine.writePositionDeletes(statement, {
      signal,
      table: engineTable(withFileSize(table, fileSize)),
      files: group,
      eachByItself,
      targetFileSize: fileSize,
    });
    addedDeletes.push(...written.map((file) => ({ ...file, sequenceNumber })));
  }
  return { addedDeletes, removed: [] };
}

/** The table as if its property said how large its files are, in bytes. */
export function withFileSize(table: PinnedTable, size: number): PinnedTable {
  const sizes = { 'write.target-file-size-bytes': String(size), 'write.delete.target-file-size-bytes': String(size) };
  const properties = { ...table.metadata.properties, ...sizes };
  return { ...table, metadata: { ...table.metadata, properties } };
}
