/** Takes rows out of data files: whole files where all their rows go, else deletion vectors or position delete files. */
import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileTask } from '../../iceberg/contract.js';
import {
  type DeletedFiles,
  newDeleteLocation,
  partitionKey,
  positionDeleteColumns,
  positionDeleteFile,
} from '../../iceberg/index.js';
import type { DataFile, DeleteFile } from '../../iceberg/types.js';
import { quoteName, quoteString } from '../../sql/index.js';
import type { StatementContext } from '../environment.js';
import type { PinnedTable } from '../tables/tables.js';
import { compressionOf, targetFileSize } from '../writing/write.js';
import { changed } from './change-query.js';
import { type ChangedRows, valuesOf } from './changed-rows.js';
import { writeDeletionVectors } from './deletion-vectors.js';
import { type Removal, withItsDeletes } from './removal.js';

export async function deleteRows(context: StatementContext, table: PinnedTable, rows: ChangedRows): Promise<Removal> {
  const touched = rows.tasks.filter(({ file }) => rows.byFile.has(file.location));
  const whole = touched.filter((task) => isWhole(task, rows));
  const partly = touched.filter((task) => !whole.includes(task));
  const removed = whole.flatMap(withItsDeletes);
  const parts =
    table.metadata.formatVersion >= 3
      ? await writeDeletionVectors(context, table, rows, partly)
      : await writePositionDeletes(context, table, rows, partly);
  return { addedDeletes: parts.addedDeletes, removed: [...removed, ...parts.removed] };
}

function isWhole({ file }: FileTask, { byFile }: ChangedRows): boolean {
  return byFile.get(file.location) === file.recordCount;
}

async function writePositionDeletes(
  context: StatementContext,
  table: PinnedTable,
  rows: ChangedRows,
  tasks: readonly FileTask[],
): Promise<Removal> {
  const emptied = await emptiedFiles(context, table, rows, tasks);
  const removed = tasks.filter(({ file }) => emptied.has(file.location)).flatMap(withItsDeletes);
  const files = tasks.flatMap(({ file }) => (emptied.has(file.location) ? [] : [file]));
  const addedDeletes: DeleteFile[] = [];
  for (const group of grouped(files, table.metadata.properties['write.delete.granularity'] === 'file')) {
    addedDeletes.push(...(await writeGroup(context, table, rows, group)));
  }
  return { addedDeletes, removed };
}

/** Files of which nothing is left, now that rows go that were left by earlier position deletes. */
async function emptiedFiles(
  context: StatementContext,
  table: PinnedTable,
  rows: ChangedRows,
  tasks: readonly FileTask[],
): Promise<Set<string>> {
  const candidates = tasks.filter(({ file, deletes }) => {
    const earlier = deletes.filter(({ content }) => content === 'position-deletes');
    const most = earlier.reduce((sum, { recordCount }) => sum + recordCount, rows.byFile.get(file.location) ?? 0);
    return earlier.length > 0 && most >= file.recordCount;
  });
  const emptied = new Set<string>();
  for (const { file, deletes } of candidates) {
    const earlier = deletes.filter(({ content }) => content === 'position-deletes');
    const paths = await rows.area.deleteFiles(table, earlier);
    const sql = `SELECT count(DISTINCT pos) FROM (${positionsSql(rows, file)} UNION ALL ${earlierSql(file)})`;
    const scan = { name: EARLIER, columns: positionDeleteColumns, source: { kind: 'local' as const, paths } };
    const [row] = await valuesOf(rows.engine, sql, [rows.scan, scan], context.call.signal);
    if (Number(row?.[0]) >= file.recordCount) emptied.add(file.location);
  }
  return emptied;
}

const EARLIER = 'earlier deletes';

function positionsSql(rows: ChangedRows, file: DataFile): string {
  return `SELECT ${quoteName(changed.position)} AS pos FROM ${rows.from} WHERE ${quoteName(changed.file)} = ${quoteString(file.location)}`;
}

function earlierSql(file: DataFile): string {
  return `SELECT pos FROM ${quoteName(EARLIER)} WHERE file_path = ${quoteString(file.location)}`;
}

/** The files of one partition of one spec, or each file by itself. */
function grouped(files: readonly DataFile[], eachByItself: boolean): DeletedFiles[] {
  const groups = new Map<string, [DataFile, ...DataFile[]]>();
  for (const file of files) {
    const key = eachByItself ? file.location : `${file.specId}:${partitionKey(file.partition)}`;
    const group = groups.get(key);
    if (group) group.push(file);
    else groups.set(key, [file]);
  }
  return [...groups.values()];
}

/** Sorted by file and position, as the specification has it. */
async function writeGroup(
  context: StatementContext,
  table: PinnedTable,
  rows: ChangedRows,
  group: DeletedFiles,
): Promise<DeleteFile[]> {
  const { call, environment } = context;
  const { engine, directory } = await environment.instance(call);
  const folder = join(directory, randomUUID());
  const locations = group.map(({ location }) => quoteString(location)).join(', ');
  const sql = `SELECT ${quoteName(changed.file)}, ${quoteName(changed.position)} FROM ${rows.from} WHERE ${quoteName(changed.file)} IN (${locations})`;
  await mkdir(folder);
  try {
    const files = await engine.writeParquet(sql, [rows.scan], {
      signal: call.signal,
      directory: folder,
      columns: positionDeleteColumns,
      partitions: [],
      sortedBy: ['c0', 'c1'],
      checksums: true,
      targetFileSize: targetFileSize(context, table.metadata),
      compression: compressionOf(table.metadata),
    });
    const deletes: DeleteFile[] = [];
    for (const file of files) {
      const location = newDeleteLocation(table.metadata, 'parquet');
      await table.storage.upload(location, file.path, call.signal);
      deletes.push(positionDeleteFile(file, location, group));
    }
    return deletes;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
