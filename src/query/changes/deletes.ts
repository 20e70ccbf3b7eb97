/** Takes rows out of data files: whole files where all their rows go, else deletion vectors or position delete files. */
import type { FileTask } from '../../iceberg/contract.js';
import { type DeletedFiles, partitionKey } from '../../iceberg/index.js';
import type { DataFile, DeleteFile } from '../../iceberg/types.js';
import { quoteName, quoteString } from '../../sql/index.js';
import type { StatementContext } from '../environment.js';
import { statementOver } from '../reading/bound-query.js';
import { engineTable, type PinnedTable } from '../tables/tables.js';
import { changed } from './change-query.js';
import type { ChangedRows } from './changed-rows.js';
import { writeDeletionVectors } from './deletion-vectors.js';
import { type Removal, withItsDeletes } from './removal.js';
import { liveRows, wholeFiles } from './stored-rows.js';

export async function deleteRows(context: StatementContext, table: PinnedTable, rows: ChangedRows): Promise<Removal> {
  const { touched } = rows;
  const whole = wholeFiles(rows);
  const partly = touched.filter((task) => !whole.has(task));
  const removed = [...whole].flatMap(withItsDeletes);
  const parts =
    table.metadata.formatVersion >= 3
      ? await writeDeletionVectors(context, table, rows, partly)
      : await writePositionDeletes(context, table, rows, partly);
  return { addedDeletes: parts.addedDeletes, removed: [...removed, ...parts.removed] };
}

async function writePositionDeletes(
  context: StatementContext,
  table: PinnedTable,
  rows: ChangedRows,
  tasks: readonly FileTask[],
): Promise<Removal> {
  const emptied = await emptiedFiles(context, rows, tasks);
  const removed = tasks.filter(({ file }) => emptied.has(file.location)).flatMap(withItsDeletes);
  const files = tasks.flatMap(({ file }) => (emptied.has(file.location) ? [] : [file]));
  const addedDeletes: DeleteFile[] = [];
  const eachByItself = table.metadata.properties['write.delete.granularity'] === 'file';
  for (const group of grouped(files, eachByItself)) {
    addedDeletes.push(...(await writeGroup(context, table, rows, { files: group, eachByItself })));
  }
  return { addedDeletes, removed };
}

/** Files of which nothing is left, now that rows go that were left by earlier position deletes. */
async function emptiedFiles(
  context: StatementContext,
  rows: ChangedRows,
  tasks: readonly FileTask[],
): Promise<Set<string>> {
  const candidates = tasks.filter(({ file, deletes }) => {
    const earlier = deletes.filter(({ content }) => content === 'position-deletes');
    const most = earlier.reduce((sum, { recordCount }) => sum + recordCount, rows.byFile.get(file.location) ?? 0);
    return earlier.length > 0 && most >= file.recordCount;
  });
  const live = await liveRows(context, rows, candidates);
  const isEmptied = ({ location }: DataFile) => live.get(location) === rows.byFile.get(location);
  return new Set(candidates.flatMap(({ file }) => (isEmptied(file) ? [file.location] : [])));
}

/** Files whose deletes are written together: those of one partition of one spec, or all, where each gets files of its own. */
export function grouped(files: readonly DataFile[], eachByItself: boolean): DeletedFiles[] {
  const groups = new Map<string, [DataFile, ...DataFile[]]>();
  for (const file of files) {
    const key = eachByItself ? '' : `${file.specId}:${partitionKey(file.partition)}`;
    const group = groups.get(key);
    if (group) group.push(file);
    else groups.set(key, [file]);
  }
  return [...groups.values()];
}

async function writeGroup(
  context: StatementContext,
  table: PinnedTable,
  rows: ChangedRows,
  { files, eachByItself }: { files: DeletedFiles; eachByItself: boolean },
): Promise<DeleteFile[]> {
  const { call, environment } = context;
  const locations = files.map(({ location }) => quoteString(location)).join(', ');
  const sql = `SELECT ${quoteName(changed.file)}, ${quoteName(changed.position)} FROM ${rows.from} WHERE ${quoteName(changed.file)} IN (${locations})`;
  return rows.engine.writePositionDeletes(statementOver(context, sql, [rows.table]), {
    signal: call.signal,
    table: engineTable(table),
    files,
    eachByItself,
    targetFileSize: environment.limits.targetFileSize,
  });
}
