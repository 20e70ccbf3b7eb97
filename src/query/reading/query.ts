/** A query from text to a stream of batches. */
import type { Schema } from 'apache-arrow';
import type { ColumnarBatch } from '../../arrow/index.js';
import type {
  BoundParameters,
  EngineInstance,
  ParameterRow,
  QueryDescription,
  RunOptions,
  ScanDemand,
  TableScan,
} from '../../engine/contract.js';
import { SkuaError } from '../../errors.js';
import { anySignal } from '../../signal.js';
import type { SnapshotPin, StatementStream } from '../contract.js';
import type { StatementContext } from '../environment.js';
import { isListed, type RowsTable, rowsScan, rowsTable } from '../rows.js';
import { pinOf } from '../tables/tables.js';
import { Binder, type BoundQuery } from './bind.js';

export { bindingsOf } from './bindings.js';

import { bindingsOf } from './bindings.js';
import { DamagedFiles } from './damaged-files.js';
import { readsRestricted, withoutValues } from './restricted-errors.js';
import { type StagedScan, StagingArea } from './stage.js';
import { stageTables } from './stage-tables.js';

export interface DescribedQuery {
  bound: BoundQuery;
  schema: Schema;
  parameters: Schema;
  pins: SnapshotPin[];
}

export async function bindQuery(context: StatementContext, sql: string, pins?: SnapshotPin[]): Promise<BoundQuery> {
  return new Binder(context, pins).bind(sql);
}

/** Binds and types a query without reading data. */
export async function describeQuery(
  context: StatementContext,
  sql: string,
  pins?: SnapshotPin[],
  bound?: BoundParameters,
): Promise<DescribedQuery> {
  const query = await bindQuery(context, sql, pins);
  const { schema, parameters } = await describeBound(context, query, bound);
  return { bound: query, schema, parameters, pins: [...query.tables.values()].map(pinOf) };
}

/** What the engine makes of a bound query, with the values for its parameters where there are any. */
export async function describeBound(
  context: StatementContext,
  query: BoundQuery,
  bound?: BoundParameters,
): Promise<QueryDescription> {
  const { engine } = await context.environment.instance(context.call);
  return engine.describe(query.sql, bindingsOf(query), context.call.signal, { bound });
}

/**
 * One entry for each row of values, and the columns that the query has with them. Other than one value for each parameter: INVALID_ARGUMENT.
 */
export async function parameterRows(
  context: StatementContext,
  query: BoundQuery,
  bound: BoundParameters | undefined,
): Promise<{ rows: ParameterRow[]; schema?: Schema }> {
  const given = bound?.schema.fields.length ?? 0;
  if (given !== query.parameterCount) {
    throw new SkuaError(
      'INVALID_ARGUMENT',
      `The statement has ${query.parameterCount} parameters, but ${given} are bound`,
    );
  }
  if (!bound || given === 0) return { rows: [] };
  const { types, schema } = await describeBound(context, query, bound);
  const rows = bound.batches.flatMap((batch) =>
    Array.from({ length: batch.length }, (_, index) => ({ schema: bound.schema, batch, index, types })),
  );
  return { rows, schema };
}

export interface StagedQuery {
  engine: EngineInstance;
  scans: TableScan[];
  staged: StagedScan[];
  demands: ScanDemand[];
  area: StagingArea;
}

/**
 * Stages a bound query and does the work over it; once more, with what is fetched anew, where files turn out to be damaged. The caller
 * releases the area, also after a failure later on.
 */
export async function overStaged<T>(
  context: StatementContext,
  bound: BoundQuery,
  parameters: ParameterRow | undefined,
  work: (staged: StagedQuery) => Promise<T>,
): Promise<StagedQuery & { result: T }> {
  const result = againIfDamaged(async () => {
    const staged = await stageQuery(context, bound, parameters);
    try {
      return { ...staged, result: await work(staged) };
    } catch (error) {
      const failure = await staged.area.failureOf(error, staged.engine, staged.scans);
      await staged.area.release();
      throw failure instanceof DamagedFiles ? failure : withoutValues(bound, failure);
    }
  });
  return result.catch((error: unknown) => {
    throw error instanceof DamagedFiles ? withoutValues(bound, error) : error;
  });
}

async function againIfDamaged<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isWorthRepeating(error)) throw error;
    return work();
  }
}

function isWorthRepeating(error: unknown): boolean {
  return error instanceof DamagedFiles && error.cameFromStore;
}

/** Fetches what a bound query needs. */
async function stageQuery(
  context: StatementContext,
  bound: BoundQuery,
  parameters?: ParameterRow,
): Promise<StagedQuery> {
  const { engine, directory } = await context.environment.instance(context.call);
  const area = new StagingArea(context, directory);
  const { signal } = context.call;
  const isDemanding = bound.tables.size > 0 || [...bound.rows.values()].some(isListed);
  const demands = isDemanding ? await engine.demand(bound.sql, bindingsOf(bound), parameters, signal) : [];
  try {
    const rows = await computedRows(bound, demands);
    const staged = await stageTables(area, engine, { tables: bound.tables, rows }, demands);
    const scans = [...staged.map(({ scan }) => scan), ...rows.map(rowsScan), ...bound.functions];
    return { engine, scans, staged, demands, area };
  } catch (error) {
    await area.release();
    throw error instanceof DamagedFiles ? error : withoutValues(bound, error);
  }
}

/** The tables that Skua computes itself, with the rows that the query needs of them. */
async function computedRows(bound: BoundQuery, demands: readonly ScanDemand[]): Promise<RowsTable[]> {
  return Promise.all(
    [...bound.rows.values()].map(async (table) => {
      if (!isListed(table)) return table;
      const demand = demands.find((candidate) => candidate.table === table.name);
      return rowsTable(table.name, table.schema, demand ? await table.list(demand) : []);
    }),
  );
}

/**
 * Runs a bound query, once for each row of parameters if there are any, and streams the union. Lent batches are good only until the next one
 * is asked for; others are the caller's.
 */
export async function runQuery(
  context: StatementContext,
  bound: BoundQuery,
  parameters?: BoundParameters,
  options: Pick<RunOptions, 'lend'> = {},
): Promise<StatementStream> {
  const given = await parameterRows(context, bound, parameters);
  const rows = given.rows.length > 0 ? given.rows : [undefined];
  const running = { ...options, schema: given.schema };
  const first = await start(context, bound, rows[0], running);
  let current = first;
  // A generator that nobody begins to read never comes to its `finally`. What can't be removed now goes with the session's folder.
  context.call.onEnd?.(() => void current.end().catch(() => undefined));
  async function* batches(): AsyncGenerator<ColumnarBatch> {
    for (const [index, row] of rows.entries()) {
      if (index > 0) current = await start(context, bound, row, running);
      try {
        const begun = await begin(current);
        if (begun === 'damaged') {
          await current.end();
          current = await start(context, bound, row, running);
        }
        yield* current.batches();
      } catch (error) {
        throw withoutValues(bound, error);
      } finally {
        await current.end();
      }
    }
  }
  return { schema: first.schema, batches: batches() };
}

/** Computes the first batch. What is damaged then is not yet in anything that the client has. */
async function begin(query: StartedQuery): Promise<'begun' | 'damaged'> {
  try {
    await query.begin();
    return 'begun';
  } catch (error) {
    if (isWorthRepeating(error)) return 'damaged';
    throw error;
  }
}

interface StartedQuery {
  schema: Schema;
  /** Computes the first batch, and keeps it for `batches`. */
  begin(): Promise<void>;
  batches(): AsyncGenerator<ColumnarBatch>;
  /** Stops the query if it still runs, and releases what was staged for it. */
  end(): Promise<void>;
}

async function start(
  context: StatementContext,
  bound: BoundQuery,
  parameters: ParameterRow | undefined,
  options: Pick<RunOptions, 'lend' | 'schema'>,
): Promise<StartedQuery> {
  const stop = new AbortController();
  const { result, engine, scans, area } = await overStaged(context, bound, parameters, (staged) =>
    staged.engine.run(bound.sql, staged.scans, {
      ...options,
      signal: anySignal(context.call.signal, stop.signal),
      parameters,
      fetch: staged.area.fetch,
      batchBytes: context.environment.limits.batchBytes,
      // How far a scan has come tells how many rows are hidden.
      onProgress: readsRestricted(bound) ? undefined : context.call.onProgress?.bind(context.call),
    }),
  );
  const batches = result.batches[Symbol.asyncIterator]();
  let begun: Promise<IteratorResult<ColumnarBatch>> | undefined;
  const next = () =>
    batches.next().catch(async (error) => {
      throw await area.failureOf(error, engine, scans);
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
      await area.release();
    },
  };
}
