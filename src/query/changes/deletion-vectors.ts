/** Deletion vectors of the data files that a change takes rows from, each holding what was deleted before as well. */
import { Field, Int64, Schema, Utf8 } from 'apache-arrow';
import { type Column, columnsOf } from '../../arrow/index.js';
import type { BoundTable } from '../../engine/contract.js';
import type { FileTask } from '../../iceberg/contract.js';
import { DeletionVectorWriter, newDeleteLocation, readDeletionVector, removalKey } from '../../iceberg/index.js';
import type { DeleteFile } from '../../iceberg/types.js';
import { quoteName } from '../../sql/index.js';
import type { StatementContext } from '../environment.js';
import { statementOver } from '../reading/bound-query.js';
import { boundRows, rowsTable } from '../rows.js';
import type { PinnedTable } from '../tables/tables.js';
import { appliedDeletes } from './applied-deletes.js';
import { changed } from './change-query.js';
import type { ChangedRows } from './changed-rows.js';
import { ownDeletes, type Removal, withItsDeletes } from './removal.js';
import { storedRows } from './stored-rows.js';

const READS_AHEAD = 16;

/** Bytes after which vectors go to another Puffin file. */
const PUFFIN_BYTES = 64 << 20;

/** What vectors are made of: the rows that go. */
export type GoingRows = Pick<ChangedRows, 'from' | 'engine' | 'readable'> & { table: BoundTable };

/** A file of which no row is left is removed. Deletes about a file alone are replaced by its vector. */
export async function writeDeletionVectors(
  context: StatementContext,
  table: PinnedTable,
  rows: GoingRows,
  tasks: readonly FileTask[],
): Promise<Removal> {
  const addedDeletes: DeleteFile[] = [];
  const removed: string[] = [];
  let writer = new DeletionVectorWriter();
  const flush = async () => {
    const location = newDeleteLocation(table.metadata, 'puffin');
    const { bytes, deletes } = writer.finish(location);
    if (deletes.length === 0) return;
    await table.storage.write(location, bytes);
    addedDeletes.push(...deletes);
    writer = new DeletionVectorWriter();
  };
  const vectors = readAhead(tasks, ({ deletes }) => earlierVector(context, rows.readable, deletes));
  for await (const { ordinal, gone } of positionsByFile(context, rows, tasks)) {
    const task = tasks[ordinal] as FileTask;
    const positions = merged(gone, await vectors(ordinal));
    if (positions.length >= task.file.recordCount && (await isEmptied(context, rows, task, positions.length))) {
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

async function isEmptied(context: StatementContext, rows: GoingRows, task: FileTask, gone: number): Promise<boolean> {
  const stored = await storedRows(context, rows, [task]);
  return gone >= (stored.get(task.file.location) ?? 0);
}

/** Reads of items that are asked for one after the other, a few of them ahead. */
function readAhead<T, R>(items: readonly T[], read: (item: T) => Promise<R>): (index: number) => Promise<R> {
  const reading = new Map<number, Promise<R>>();
  return (wanted) => {
    for (const [index, item] of items.slice(wanted, wanted + READS_AHEAD).entries()) {
      if (reading.has(wanted + index)) continue;
      const promise = read(item);
      // One that fails is noticed when its turn comes, if it still does.
      promise.catch(() => undefined);
      reading.set(wanted + index, promise);
    }
    const promise = reading.get(wanted) as Promise<R>;
    reading.delete(wanted);
    return promise;
  };
}

async function earlierVector(
  context: StatementContext,
  table: PinnedTable,
  deletes: readonly DeleteFile[],
): Promise<BigInt64Array | undefined> {
  const vector = deletes.find(({ format }) => format === 'puffin');
  return vector && readDeletionVector(vector, table.storage, context.call.signal);
}

const FILES = 'changed files';
const filesSchema = new Schema([new Field('location', new Utf8(), false), new Field('ordinal', new Int64(), false)]);

/**
 * For each task that rows go from, by its place among the tasks: the positions that go, and those that position delete files of an earlier
 * format version deleted; ascending and distinct.
 */
async function* positionsByFile(
  context: StatementContext,
  rows: GoingRows,
  tasks: readonly FileTask[],
): AsyncGenerator<{ ordinal: number; gone: BigInt64Array }> {
  if (tasks.length === 0) return;
  const files = tasks.map(({ file }, ordinal) => [file.location, BigInt(ordinal)]);
  const tables: BoundTable[] = [rows.table, boundRows(rowsTable(FILES, filesSchema, files))];
  const earlier = tasks.flatMap(({ deletes }) =>
    deletes.filter(({ content, format }) => content === 'position-deletes' && format === 'parquet'),
  );
  const going = `SELECT f.ordinal, p.${quoteName(changed.position)} AS pos FROM ${rows.from} p JOIN ${quoteName(FILES)} f ON p.${quoteName(changed.file)} = f.location`;
  let positions = going;
  if (earlier.length > 0) {
    const applied = appliedDeletes(rows.readable, tasks, [...new Set(earlier)]);
    tables.push(...applied.tables);
    positions = `SELECT DISTINCT ordinal, pos FROM (${going} UNION ALL SELECT f.ordinal, d.pos FROM ${applied.from})`;
  }
  const sql = `SELECT ordinal, pos FROM (${positions}) ORDER BY 1, 2`;
  const { schema, batches } = await rows.engine.run(statementOver(context, sql, tables), {
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
  if (!second || second.length === 0) return first;
  const all = new BigInt64Array(first.length + second.length);
  const [left, right, out] = [halvesOf(first), halvesOf(second), halvesOf(all)];
  let a = 0;
  let b = 0;
  let length = 0;
  while (a < left.length || b < right.length) {
    const order = a >= left.length ? 1 : b >= right.length ? -1 : compare(left, a, right, b);
    const from = order <= 0 ? left : right;
    const index = order <= 0 ? a : b;
    out[length++] = from[index] as number;
    out[length++] = from[index + 1] as number;
    if (order <= 0) a += 2;
    if (order >= 0) b += 2;
  }
  return all.subarray(0, length / 2);
}

/** Low and high half of each, since a bigint for each position takes many times as long. */
function halvesOf(positions: BigInt64Array): Uint32Array {
  return new Uint32Array(positions.buffer, positions.byteOffset, positions.length * 2);
}

function compare(left: Uint32Array, a: number, right: Uint32Array, b: number): number {
  return (left[a + 1] as number) - (right[b + 1] as number) || (left[a] as number) - (right[b] as number);
}
