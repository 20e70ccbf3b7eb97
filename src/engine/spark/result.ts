/** What an execution answers, as record batches of the announced columns. */
import type { Field, Schema } from 'apache-arrow';
import { type ColumnarBatch, decodeStream, splitBatch } from '../../arrow/index.js';
import { SkuaError } from '../../errors.js';
import type { ArrowBatch, ExecuteResponse } from './client/index.js';

export interface ResultOptions {
  /** What the columns have been announced as. */
  schema: Schema;
  /** Larger batches are split. */
  batchBytes: number;
  /** Told how much is done, 0 to 1. */
  onProgress(done: number): void;
}

/**
 * The batches of an execution, as they came. Columns of other types than announced: UNKNOWN; rows that are missing: DATA_LOSS. The first
 * thing it gives, for a result without rows too, is a batch, so that what fails early fails before it.
 */
export async function* batchesOf(
  responses: AsyncIterable<ExecuteResponse>,
  { schema, batchBytes, onProgress }: ResultOptions,
): AsyncGenerator<ColumnarBatch> {
  let rows = 0;
  for await (const { arrow_batch: arrow, execution_progress: progress } of responses) {
    if (progress) onProgress(partDone(progress.stages));
    if (!arrow) continue;
    const offset = arrow.start_offset ?? rows;
    if (offset !== rows) throw new SkuaError('DATA_LOSS', `The cluster sent row ${offset} after row ${rows}`);
    for (const batch of read(arrow, schema)) {
      rows += batch.length;
      yield* splitBatch(schema, batch, batchBytes);
    }
  }
}

function read({ data, row_count }: ArrowBatch, announced: Schema): ColumnarBatch[] {
  const { schema, batches } = decoded(data);
  checkColumns(schema, announced);
  const rows = batches.reduce((sum, { length }) => sum + length, 0);
  if (rows !== row_count) throw new SkuaError('DATA_LOSS', `The cluster sent ${rows} rows of ${row_count} in a batch`);
  return batches;
}

function decoded(data: Uint8Array): ReturnType<typeof decodeStream> {
  try {
    return decodeStream(data);
  } catch (error) {
    throw new SkuaError('DATA_LOSS', "A batch of the cluster's can't be read", { cause: error });
  }
}

function checkColumns({ fields }: Schema, announced: Schema): void {
  const show = (columns: readonly Field[]) => columns.map(({ type }) => String(type)).join(', ');
  if (show(fields) === show(announced.fields)) return;
  throw new SkuaError(
    'UNKNOWN',
    `The cluster gives columns of the types (${show(fields)}), where (${show(announced.fields)}) were announced`,
  );
}

function partDone(stages: readonly { num_tasks: number; num_completed_tasks: number }[]): number {
  const [tasks, completed] = stages.reduce(
    ([all, done], { num_tasks, num_completed_tasks }) => [all + num_tasks, done + num_completed_tasks],
    [0, 0],
  );
  return tasks === 0 ? 0 : Math.min(1, completed / tasks);
}
