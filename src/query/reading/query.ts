/** A query from text to a stream of batches. */
import type { Schema } from 'apache-arrow';
import type { ColumnarBatch } from '../../arrow/index.js';
import type { BoundParameters, ParameterRow, QueryDescription, RunOptions } from '../../engine/contract.js';
import { SkuaError } from '../../errors.js';
import type { NamePin, PlannedState, SnapshotPin, StatementStream } from '../contract.js';
import type { StatementContext } from '../environment.js';
import { markPhase } from '../statement-run.js';
import { pinOf } from '../tables/tables.js';
import { Binder } from './bind.js';
import { type BoundQuery, statementOf } from './bound-query.js';

export interface DescribedQuery {
  bound: BoundQuery;
  schema: Schema;
  parameters: Schema;
  /** See `QueryDescription`. */
  types: QueryDescription['types'];
  pins: SnapshotPin[];
  namePins: NamePin[];
}

export async function bindQuery(context: StatementContext, sql: string, planned?: PlannedState): Promise<BoundQuery> {
  const bound = await new Binder(context, planned).bind(sql);
  markPhase(context.call, 'bind');
  return bound;
}

/** Binds and types a query without reading data. */
export async function describeQuery(
  context: StatementContext,
  sql: string,
  planned?: PlannedState,
  bound?: BoundParameters,
): Promise<DescribedQuery> {
  return describedQuery(context, await bindQuery(context, sql, planned), bound);
}

/** Types a query that is bound. */
export async function describedQuery(
  context: StatementContext,
  query: BoundQuery,
  bound?: BoundParameters,
): Promise<DescribedQuery> {
  const description = await describeBound(context, query, bound);
  return { bound: query, ...description, pins: [...query.tables.values()].map(pinOf), namePins: query.namePins };
}

/** What the engine makes of a bound query, with the values for its parameters where there are any. */
export async function describeBound(
  context: StatementContext,
  query: BoundQuery,
  bound?: BoundParameters,
): Promise<QueryDescription> {
  const engine = await context.environment.engine(context.call);
  return engine.describe(statementOf(context, query), { signal: context.call.signal, bound });
}

/**
 * One entry for each row of values, and the columns that the query has with them. Other than one value for each parameter: INVALID_ARGUMENT.
 */
export async function parameterRows(
  context: StatementContext,
  query: BoundQuery,
  bound: BoundParameters | undefined,
  described?: Pick<QueryDescription, 'types' | 'schema'>,
): Promise<{ rows: ParameterRow[]; schema?: Schema }> {
  const given = bound?.schema.fields.length ?? 0;
  if (given !== query.parameterCount) {
    throw new SkuaError(
      'INVALID_ARGUMENT',
      `The statement has ${query.parameterCount} parameters, but ${given} are bound`,
    );
  }
  if (!bound || given === 0) return { rows: [] };
  const { types, schema } = described ?? (await describeBound(context, query, bound));
  const rows = bound.batches.flatMap((batch) =>
    Array.from({ length: batch.length }, (_, index) => ({ schema: bound.schema, batch, index, types })),
  );
  return { rows, schema };
}

interface QueryOptions extends Pick<RunOptions, 'lend'> {
  /** What the query was described as with just these parameters. */
  described?: Pick<QueryDescription, 'types' | 'schema'>;
  /** Stops the query. Default: the call's own. */
  signal?: AbortSignal;
}

/**
 * Runs a bound query, once for each row of parameters if there are any, and streams the union. Lent batches are good only until the next one
 * is asked for; others are the caller's.
 */
export async function runQuery(
  context: StatementContext,
  bound: BoundQuery,
  parameters?: BoundParameters,
  { lend, described, signal = context.call.signal }: QueryOptions = {},
): Promise<StatementStream> {
  const given = await parameterRows(context, bound, parameters, described);
  const rows = given.rows.length > 0 ? given.rows : [undefined];
  const engine = await context.environment.engine(context.call);
  const statement = statementOf(context, bound);
  const start = (row: ParameterRow | undefined) =>
    engine.run(statement, {
      lend,
      schema: given.schema,
      signal,
      parameters: row,
      batchBytes: context.environment.limits.batchBytes,
      onProgress: context.call.onProgress?.bind(context.call),
    });
  const first = await start(rows[0]);
  let current = first;
  // A generator that nobody begins to read never comes to its `finally`. What can't be removed now goes with the session.
  context.call.onEnd?.(() => void current.close().catch(() => undefined));
  async function* batches(): AsyncGenerator<ColumnarBatch> {
    for (const [index, row] of rows.entries()) {
      if (index > 0) current = await start(row);
      try {
        yield* current.batches;
      } finally {
        await current.close();
      }
    }
  }
  return { schema: first.schema, batches: batches() };
}
