/** A query that runs over staged files. */
import type { Schema } from 'apache-arrow';
import type { ColumnarBatch } from '../../arrow/index.js';
import { SkuaError } from '../../errors.js';
import { anySignal } from '../../signal.js';
import type { RunOptions } from '../contract.js';
import { overPlanned, type Workplace } from './staging/over-staged.js';
import { readsRestricted } from './staging/restricted-errors.js';
import type { PlannedStatement } from './staging/stage-statement.js';

/** One for all: an error costs more to make than the rest of a small query's end. */
export const ENDED = new SkuaError('CANCELLED', 'the query has ended');

export interface RunningQuery {
  schema: Schema;
  /** Computes the first batch, and keeps it for `batches`. */
  begin(): Promise<void>;
  batches(): AsyncGenerator<ColumnarBatch>;
  /** Stops the query if it still runs, and releases what was staged for it. */
  end(): Promise<void>;
}

/** Stages a query, and starts it. */
export async function startQuery(
  place: Workplace,
  planned: PlannedStatement,
  options: RunOptions,
): Promise<RunningQuery> {
  const stop = new AbortController();
  const { statement } = planned;
  const { staged, result } = await overPlanned(place, planned, options, ({ engine, sql, scans, local }) =>
    engine.run(sql, scans, {
      ...options,
      signal: anySignal(options.signal, stop.signal),
      fetch: local.fetchMissing,
      onProgress: readsRestricted(statement) ? undefined : options.onProgress,
    }),
  );
  const { engine, scans, local } = staged;
  const batches = result.batches[Symbol.asyncIterator]();
  let begun: Promise<IteratorResult<ColumnarBatch>> | undefined;
  const next = () =>
    batches.next().catch(async (error) => {
      throw await local.failureOf(error, engine, scans);
    });
  return {
    schema: result.schema,
    async begin() {
      begun ??= next();
      await begun;
    },
    async *batches() {
      for (let batch = await (begun ?? next()); !batch.done; batch = await next()) yield batch.value;
      local.leaveToNext();
    },
    end: async () => {
      stop.abort(ENDED);
      await batches.return?.().catch(() => undefined);
      await local.release();
    },
  };
}
