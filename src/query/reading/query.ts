/** A query from text to a stream of batches. */
import type { Schema } from 'apache-arrow';
import type { ColumnarBatch } from '../../arrow/index.js';
import type {
  ParameterRow,
  ResultStream,
  RunOptions,
  ScanDemand,
  TableBinding,
  TableScan,
} from '../../engine/contract.js';
import { anySignal } from '../../signal.js';
import type { SnapshotPin, StatementStream } from '../contract.js';
import type { StatementContext } from '../environment.js';
import { columnsOf, rowsScan } from '../rows.js';
import { columnsOfTable, pinOf } from '../tables/tables.js';
import { Binder, type BoundQuery } from './bind.js';
import { type StagedScan, StagingArea } from './stage.js';
import { stageTables } from './stage-tables.js';

export interface DescribedQuery {
  bound: BoundQuery;
  schema: Schema;
  parameters: Schema;
  pins: SnapshotPin[];
}

/** The bindings under which the engine knows a bound query's tables. */
export function bindingsOf(bound: BoundQuery): TableBinding[] {
  return [
    ...[...bound.tables].map(([name, table]) => ({ name, columns: columnsOfTable(table) })),
    ...[...bound.rows].map(([name, table]) => ({ name, columns: columnsOf(table.schema) })),
    ...bound.functions,
  ];
}

export async function bindQuery(context: StatementContext, sql: string, pins?: SnapshotPin[]): Promise<BoundQuery> {
  return new Binder(context, pins).bind(sql);
}

/** Binds and types a query without reading data; `bound` has the types of the values that are bound. */
export async function describeQuery(
  context: StatementContext,
  sql: string,
  pins?: SnapshotPin[],
  bound?: Schema,
): Promise<DescribedQuery> {
  const query = await bindQuery(context, sql, pins);
  const { engine } = await context.environment.instance(context.call);
  const { schema, parameters } = await engine.describe(query.sql, bindingsOf(query), context.call.signal, bound);
  return { bound: query, schema, parameters, pins: [...query.tables.values()].map(pinOf) };
}

export interface StagedQuery {
  scans: TableScan[];
  staged: StagedScan[];
  demands: ScanDemand[];
  area: StagingArea;
}

/** Fetches what a bound query needs. The caller releases the area, also after a failure later on. */
export async function stageQuery(
  context: StatementContext,
  bound: BoundQuery,
  parameters?: ParameterRow,
): Promise<StagedQuery> {
  const { engine, directory } = await context.environment.instance(context.call);
  const area = new StagingArea(context, directory);
  const { signal } = context.call;
  const demands = bound.tables.size > 0 ? await engine.demand(bound.sql, bindingsOf(bound), parameters, signal) : [];
  try {
    const staged = await stageTables(area, engine, bound, demands);
    const rows = [...bound.rows.values()].map(rowsScan);
    return { scans: [...staged.map(({ scan }) => scan), ...rows, ...bound.functions], staged, demands, area };
  } catch (error) {
    await area.release();
    throw error;
  }
}

/**
 * Runs a bound query, once for each row of parameters if there are any, and streams the union. Lent batches are good only until the next one
 * is asked for; others are the caller's.
 */
export async function runQuery(
  context: StatementContext,
  bound: BoundQuery,
  parameterRows: readonly ParameterRow[],
  options: Pick<RunOptions, 'lend'> = {},
): Promise<StatementStream> {
  const rows = parameterRows.length > 0 ? parameterRows : [undefined];
  const first = await start(context, bound, rows[0], options);
  const rest = rows.slice(1);
  let current = first;
  // A generator that nobody begins to read never comes to its `finally`. What can't be removed now goes with the session's folder.
  context.call.onEnd?.(() => void current.end().catch(() => undefined));
  async function* batches(): AsyncGenerator<ColumnarBatch> {
    try {
      yield* current.stream.batches;
    } finally {
      await current.end();
    }
    for (const row of rest) {
      current = await start(context, bound, row, options);
      try {
        yield* current.stream.batches;
      } finally {
        await current.end();
      }
    }
  }
  return { schema: first.stream.schema, batches: batches() };
}

interface StartedQuery {
  stream: ResultStream;
  /** Stops the query if it still runs, and releases what was staged for it. */
  end(): Promise<void>;
}

async function start(
  context: StatementContext,
  bound: BoundQuery,
  parameters: ParameterRow | undefined,
  options: Pick<RunOptions, 'lend'>,
): Promise<StartedQuery> {
  const { engine } = await context.environment.instance(context.call);
  const { scans, area } = await stageQuery(context, bound, parameters);
  const stop = new AbortController();
  try {
    const stream = await engine.run(bound.sql, scans, {
      ...options,
      signal: anySignal(context.call.signal, stop.signal),
      parameters,
      batchBytes: context.environment.limits.batchBytes,
      onProgress: context.call.onProgress?.bind(context.call),
    });
    return {
      stream,
      end: () => {
        stop.abort();
        return area.release();
      },
    };
  } catch (error) {
    await area.release();
    throw error;
  }
}
