/** Which data files a change leaves empty, by the rows that they hold: what their metadata says of these may be wrong. */
import type { EngineSession } from '../../engine/contract.js';
import type { FileTask } from '../../iceberg/contract.js';
import { quoteName } from '../../sql/index.js';
import type { StatementContext } from '../environment.js';
import { statementOver, valuesOf } from '../reading/bound-query.js';
import { engineTable, type PinnedTable } from '../tables/tables.js';
import type { ChangedRows } from './changed-rows.js';
import { rowColumns } from './target.js';

interface Reader {
  engine: EngineSession;
  /** The table as its files are read. */
  readable: PinnedTable;
}

/** The files of which a change takes every row that they hold, deleted ones included. */
export function wholeFiles({ touched, byFile, stored }: ChangedRows): Set<FileTask> {
  return new Set(touched.filter(({ file: { location } }) => byFile.get(location) === stored.get(location)));
}

/** How many rows each file holds, deleted ones included. */
export function storedRows(
  context: StatementContext,
  reader: Reader,
  tasks: readonly FileTask[],
): Promise<Map<string, number>> {
  return liveRows(
    context,
    reader,
    tasks.map(({ file }) => ({ file, deletes: [] })),
  );
}

/** How many rows each file has that are not deleted; files without any are absent. */
export async function liveRows(
  context: StatementContext,
  { engine, readable }: Reader,
  tasks: readonly FileTask[],
): Promise<Map<string, number>> {
  if (tasks.length === 0) return new Map();
  const name = 'files of the rows';
  const table = engineTable({ ...readable, hidden: rowColumns(readable) });
  const statement = statementOver(context, `SELECT _file, count(*) FROM ${quoteName(name)} GROUP BY 1`, [
    { kind: 'files', name, table, tasks: [...tasks], columns: [] },
  ]);
  const counts = await valuesOf(engine, statement, context.call.signal);
  return new Map(counts.map(([location, count]) => [String(location), Number(count)]));
}
