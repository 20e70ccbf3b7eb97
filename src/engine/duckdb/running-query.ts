/** A query that runs over staged files. */
import type { Schema } from 'apache-arrow';
import type { ColumnarBatch } from '../../arrow/index.js';
import { anySignal } from '../../signal.js';
import type { BoundStatement, ResultStream, RunOptions } from '../contract.js';
import { MOST_TRIES } from './client/instance-host.js';
import { isElsewhereBetter } from './client/process-end.js';
import { isWorthRepeating, overStaged, type Workplace } from './staging/over-staged.js';
import { readsRestricted, withoutValues } from './staging/restricted-errors.js';

/**
 * Starts the query; again, from the stream, where before the first batch files turn out to be damaged, or the engine process ends that may have been
 * ended by somebody else's statement.
 */
export async function streamQuery(
  place: Workplace,
  statement: BoundStatement,
  options: RunOptions,
): Promise<ResultStream> {
  let current = await start(place, statement, options);
  async function* batches(): AsyncGenerator<ColumnarBatch> {
    try {
      for (let tries = 1; ; tries++) {
        const reason = await begin(current);
        if (!reason) break;
        if (tries === MOST_TRIES || !isRepeatable(statement) || options.signal.aborted) throw reason;
        await current.end();
        current = await start(place, statement, options);
      }
      yield* current.batches();
    } catch (error) {
      throw withoutValues(statement, error);
    } finally {
      await current.end();
    }
  }
  return { schema: current.schema, batches: batches(), close: () => current.end() };
}

/** Computes the first batch; gives why it is to be tried again. Nothing of what failed then is in anything that the client has. */
async function begin(query: RunningQuery): Promise<unknown> {
  try {
    await query.begin();
    return undefined;
  } catch (error) {
    if (isWorthRepeating(error) || isElsewhereBetter(error)) return error;
    throw error;
  }
}

/** Rows that can be read only once serve one attempt. */
function isRepeatable({ tables }: BoundStatement): boolean {
  return tables.every((table) => table.kind !== 'rows' || Array.isArray(table.batches));
}

interface RunningQuery {
  schema: Schema;
  /** Computes the first batch, and keeps it for `batches`. */
  begin(): Promise<void>;
  batches(): AsyncGenerator<ColumnarBatch>;
  /** Stops the query if it still runs, and releases what was staged for it. */
  end(): Promise<void>;
}

async function start(place: Workplace, statement: BoundStatement, options: RunOptions): Promise<RunningQuery> {
  const stop = new AbortController();
  const { staged, result } = await overStaged(place, statement, options, ({ engine, sql, scans, local }) =>
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
    },
    end: async () => {
      stop.abort();
      await batches.return?.().catch(() => undefined);
      await local.release();
    },
  };
}
