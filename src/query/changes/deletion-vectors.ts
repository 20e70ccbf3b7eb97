/** Deletion vectors of the data files that a change takes rows from, each holding what was deleted before as well. */
import { Field, Int64, Schema, Utf8 } from 'apache-arrow';
import { type Column, columnsOf } from '../../arrow/index.js';
import type { TableScan } from '../../engine/contract.js';
import type { FileTask } from '../../iceberg/contract.js';
import {
  DeletionVectorWriter,
  newDeleteLocation,
  positionDeleteColumns,
  readDeletionVector,
  removalKey,
} from '../../iceberg/index.js';
import type { DeleteFile } from '../../iceberg/types.js';
import type { StatementContext } from '../environment.js';
import { inParallel } from '../parallel.js';
import { rowsScan, rowsTable } from '../rows.js';
import { quoteName } from '../syntax/lexer.js';
import type { PinnedTable } from '../tables.js';
import { changed } from './change-query.js';
import type { ChangedRows } from './changed-rows.js';
import { ownDeletes, type Removal, withItsDeletes } from './deletes.js';

/** Bytes after which vectors go to another Puffin file. */
const PUFFIN_BYTES = 64 << 20;

/** A file of which no row is left is removed. Deletes about a file alone are replaced by its vector. */
export async function writeDeletionVectors(
  context: StatementContext,
  table: PinnedTable,
  rows: ChangedRows,
  tasks: readonly FileTask[],
  written: string[],
): Promise<Removal> {
  const addedDeletes: DeleteFile[] = [];
  const removed: string[] = [];
  let writer = new DeletionVectorWriter();
  const flush = async () => {
    const location = newDeleteLocation(table.metadata, 'puffin');
    const { bytes, deletes } = writer.finish(location);
    if (deletes.length === 0) return;
    written.push(location);
    await table.storage.write(location, bytes);
    addedDeletes.push(...deletes);
    writer = new DeletionVectorWriter();
  };
  const vectors = await inParallel(tasks, 16, ({ deletes }) => earlierVector(context, table, deletes));
  for await (const { ordinal, gone } of positionsByFile(context, table, rows, tasks)) {
    const task = tasks[ordinal] as FileTask;
    const positions = merged(gone, vectors[ordinal]);
    if (positions.length >= task.file.recordCount) {
      removed.push(...withItsDeletes(task));
      continue;
    }
    removed.push(...ownDeletes(task).map(removalKey));
    writer.add({ file: task.file, positions });
    if (writer.size > PUFFIN_BYTES) await flush();
  }
  await flush();
  return { addedDeletes, removed };
}

async function earlierVector(
  context: StatementContext,
  table: PinnedTable,
  deletes: readonly DeleteFile[],
): Promise<BigInt64Array | undefined> {
  const vector = deletes.find(({ format }) => format === 'puffin');
  return vector && readDeletionVector(vector, table.storage, context.call.signal);
}

const EARLIER = 'earlier deletes';
const FILES = 'data files';
const filesSchema = new Schema([new Field('location', new Utf8(), false), new Field('ordinal', new Int64(), false)]);

/**
 * For each task that rows go from, by its place among the tasks: the positions that go, and those that position delete files of an earlier
 * format version deleted; ascending and distinct.
 */
async function* positionsByFile(
  context: StatementContext,
  table: PinnedTable,
  rows: ChangedRows,
  tasks: readonly FileTask[],
): AsyncGenerator<{ ordinal: number; gone: BigInt64Array }> {
  if (tasks.length === 0) return;
  const files = tasks.map(({ file }, ordinal) => [file.location, BigInt(ordinal)]);
  const scans: TableScan[] = [rows.scan, rowsScan(rowsTable(FILES, filesSchema, files))];
  const earlier = tasks.flatMap(({ deletes }) =>
    deletes.filter(({ content, format }) => content === 'position-deletes' && format === 'parquet'),
  );
  let positions = `SELECT ${quoteName(changed.file)} AS location, ${quoteName(changed.position)} AS pos FROM ${rows.from}`;
  if (earlier.length > 0) {
    const paths = await rows.area.deleteFiles(table, [...new Set(earlier)]);
    scans.push({ name: EARLIER, columns: positionDeleteColumns, source: { kind: 'local', paths } });
    positions = `SELECT DISTINCT location, pos FROM (${positions} UNION ALL SELECT file_path, pos FROM ${quoteName(EARLIER)})`;
  }
  const sql = `SELECT f.ordinal, p.pos FROM (${positions}) p JOIN ${quoteName(FILES)} f ON p.location = f.location ORDER BY 1, 2`;
  const { schema, batches } = await rows.engine.run(sql, scans, {
    signal: context.call.signal,
    batchBytes: context.environment.limits.batchBytes,
  });
  let chunks: BigInt64Array[] = [];
  let current: bigint | undefined;
  for await (const batch of batches) {
    const [ordinals, gone] = columnsOf(schema, batch).map(longsOf) as [BigInt64Array, BigInt64Array];
    for (let start = 0; start < batch.length; ) {
      const ordinal = ordinals[start] as bigint;
      if (current !== undefined && current !== ordinal) {
        yield { ordinal: Number(current), gone: concatenated(chunks) };
        chunks = [];
      }
      current = ordinal;
      let end = start + 1;
      while (end < batch.length && ordinals[end] === ordinal) end++;
      chunks.push(gone.subarray(start, end));
      start = end;
    }
  }
  if (current !== undefined) yield { ordinal: Number(current), gone: concatenated(chunks) };
}

/** The values of a column of 64-bit integers without nulls. */
function longsOf({ buffers, length }: Column): BigInt64Array {
  const bytes = (buffers[1] as Uint8Array).slice(0, length * 8);
  return new BigInt64Array(bytes.buffer, 0, length);
}

function concatenated(chunks: readonly BigInt64Array[]): BigInt64Array {
  const all = new BigInt64Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    all.set(chunk, offset);
    offset += chunk.length;
  }
  return all;
}

/** Both, ascending and distinct as each of them is. */
function merged(first: BigInt64Array, second: BigInt64Array | undefined): BigInt64Array {
  if (!second) return first;
  const all = new BigInt64Array(first.length + second.length);
  let [a, b, length] = [0, 0, 0];
  while (a < first.length || b < second.length) {
    const [left, right] = [first[a], second[b]];
    if (right === undefined || (left !== undefined && left <= right)) {
      all[length++] = left as bigint;
      a++;
      if (left === right) b++;
    } else {
      all[length++] = right;
      b++;
    }
  }
  return all.subarray(0, length);
}
