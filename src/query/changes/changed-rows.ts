/** The rows of a change, computed once and kept in local files while deletes and new rows are made of them. */
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { batchToRows, sliceBatch } from '../../arrow/index.js';
import type { EngineInstance, FetchMissing, ParameterRow, TableScan } from '../../engine/contract.js';
import { SkuaError } from '../../errors.js';
import type { FileTask } from '../../iceberg/contract.js';
import { quoteName } from '../../sql/index.js';
import type { StatementContext } from '../environment.js';
import { Binder, type BoundQuery } from '../reading/bind.js';
import { describeBound, overStaged } from '../reading/query.js';
import type { StagingArea } from '../reading/stage.js';
import type { RowsTable } from '../rows.js';
import { displayName, tableKey } from '../tables/names.js';
import type { PinnedTable } from '../tables/tables.js';
import { withParameters } from '../writing/insert.js';
import { type ChangeQuery, changed } from './change-query.js';
import { describeRow } from './describe-row.js';
import { type Reads, readsOf } from './reads.js';

export interface ChangedRows {
  /** The computed rows as a table of the engine. */
  scan: TableScan;
  /** What stands for them in a FROM clause: each row of the table at most once. */
  from: string;
  /** Rows that were changed, as the client counts them. */
  count: number;
  /** How many rows go, by the location of their data file. */
  byFile: Map<string, number>;
  /** The files of the table that were looked at, those that rows go from among them. */
  tasks: FileTask[];
  /** What of the table the query looked at. */
  reads: Reads;
  /** Holds what was fetched. */
  area: StagingArea;
  engine: EngineInstance;
  release(): Promise<void>;
}

/** One row of parameters, or many that the query runs for at once. */
export type ChangeParameters = ParameterRow | RowsTable | undefined;

/** Binds a change; the table it changes is the given state wherever the query names it. */
export async function bindChange(
  context: StatementContext,
  table: PinnedTable,
  query: ChangeQuery,
): Promise<BoundQuery> {
  return new Binder(context, [], [table]).bind(query.sql);
}

/**
 * Runs a change's query. A row of the table that is to be changed twice where that has no meaning: INVALID_ARGUMENT naming it. The caller
 * releases what comes out.
 */
export async function computeRows(
  context: StatementContext,
  table: PinnedTable,
  query: ChangeQuery,
  parameters: ChangeParameters,
): Promise<ChangedRows> {
  const { engine, directory } = await context.environment.instance(context.call);
  const { signal } = context.call;
  const { bound, row } = await withBound(context, await bindChange(context, table, query), query, parameters);
  const folder = join(directory, randomUUID());
  await mkdir(folder);
  const discardRows = () => rm(folder, { recursive: true, force: true });
  const {
    result: written,
    staged,
    demands,
    area,
  } = await overStaged(context, bound, row, async ({ scans, area: { fetch } }) =>
    engine.writeParquet(bound.sql, scans, {
      signal,
      parameters: row,
      fetch,
      directory: await mkdtemp(join(folder, 'rows-')),
      columns: query.columns,
      checked: query.checked,
      partitions: [],
      targetFileSize: context.environment.limits.targetFileSize,
      compression: 'snappy',
    }),
  ).catch(async (error) => {
    await discardRows();
    throw error;
  });
  const release = async () => {
    await discardRows();
    await area.release();
  };
  try {
    const scan: TableScan = {
      name: 'changed rows',
      columns: query.columns,
      source: { kind: 'local', paths: written.map(({ path }) => path) },
    };
    const reads = readsOf(table, bound, staged, demands);
    const rows = { scan, from: quoteName(scan.name), reads, area, engine, release };
    const count = written.reduce((sum, { rowCount }) => sum + rowCount, 0);
    const tasks = tasksOf(
      table,
      bound,
      staged.map(({ plan }) => plan.tasks),
    );
    if (count === 0) return { ...rows, count, byFile: new Map(), tasks };
    if (query.twice === 'last') rows.from = lastOfEach;
    if (query.twice === 'refuse') await refuseTwice(context, table, { ...rows });
    return {
      ...rows,
      count: query.writes ? count : await countOf(rows, signal),
      byFile: await countByFile(rows, signal),
      tasks,
    };
  } catch (error) {
    await release();
    throw error;
  }
}

/** Of rows that several bound rows change, what the last one makes of them. */
const lastOfEach = `(SELECT * FROM ${quoteName('changed rows')} QUALIFY row_number() OVER (PARTITION BY ${quoteName(changed.file)}, ${quoteName(changed.position)} ORDER BY ${quoteName(changed.ordinal)} DESC) = 1)`;

/** A parameter that is a whole value of a column, as `expressionSql` writes it. */
const assigned = /CAST\(\(\s*\$(\d+)\n\) AS /g;

/** The query with its parameters typed by the values: all rows of them as one table, or one row by itself. */
async function withBound(
  context: StatementContext,
  bound: BoundQuery,
  { describe = (given) => describeBound(context, bound, given) }: ChangeQuery,
  parameters: ChangeParameters,
): Promise<{ bound: BoundQuery; row?: ParameterRow }> {
  const given = parameters?.schema.fields.length ?? 0;
  if (given !== bound.parameterCount) {
    throw new SkuaError(
      'INVALID_ARGUMENT',
      `The statement has ${bound.parameterCount} parameters, but ${given} are bound`,
    );
  }
  if (!parameters) return { bound };
  const { schema } = parameters;
  const batches =
    'batches' in parameters ? parameters.batches : [sliceBatch(schema, parameters.batch, parameters.index, 1)];
  const exact = [...bound.sql.matchAll(assigned)].map(([, number]) => Number(number));
  const { types } = await describe({ schema, batches, exact });
  if ('batches' in parameters) return { bound: withParameters(bound, parameters, types) };
  return { bound, row: { ...parameters, types } };
}

/** The files that the query looked at for rows to change. */
function tasksOf(table: PinnedTable, bound: BoundQuery, plans: readonly FileTask[][]): FileTask[] {
  const tasks = [...bound.tables.values()].flatMap((candidate, index) => {
    const isTarget = tableKey(candidate.name) === tableKey(table.name) && candidate.hidden?.includes('_file');
    return isTarget && candidate.at === undefined ? (plans[index] ?? []) : [];
  });
  return [...new Map(tasks.map((task) => [task.file.location, task])).values()];
}

async function countByFile(
  rows: Pick<ChangedRows, 'scan' | 'from' | 'engine'>,
  signal: AbortSignal,
): Promise<Map<string, number>> {
  const file = quoteName(changed.file);
  const sql = `SELECT ${file}, count(*) FROM ${rows.from} WHERE ${file} IS NOT NULL GROUP BY 1`;
  const counts = await valuesOf(rows.engine, sql, [rows.scan], signal);
  return new Map(counts.map(([location, count]) => [String(location), Number(count)]));
}

async function countOf(rows: Pick<ChangedRows, 'scan' | 'from' | 'engine'>, signal: AbortSignal): Promise<number> {
  const [row] = await valuesOf(rows.engine, `SELECT count(*) FROM ${rows.from}`, [rows.scan], signal);
  return Number(row?.[0]);
}

async function refuseTwice(
  context: StatementContext,
  table: PinnedTable,
  rows: Pick<ChangedRows, 'scan' | 'from' | 'engine'>,
): Promise<void> {
  const key = `${quoteName(changed.file)}, ${quoteName(changed.position)}`;
  const sql = `SELECT ${key} FROM ${rows.from} WHERE ${quoteName(changed.file)} IS NOT NULL GROUP BY ${key} HAVING count(*) > 1 LIMIT 1`;
  const [twice] = await valuesOf(rows.engine, sql, [rows.scan], context.call.signal);
  if (!twice) return;
  const row = await describeRow(context, table, String(twice[0]), twice[1] as bigint);
  throw new SkuaError(
    'INVALID_ARGUMENT',
    `Several source rows match one row of ${displayName(table.name)}, which can be changed only once: ${row}`,
  );
}

/** Small results as values. */
export async function valuesOf(
  engine: EngineInstance,
  sql: string,
  scans: TableScan[],
  signal: AbortSignal,
  fetch?: FetchMissing,
): Promise<unknown[][]> {
  const options = { signal, batchBytes: 1 << 20, ...(fetch && { fetch }) };
  const { schema, batches } = await engine.run(sql, scans, options);
  const rows: unknown[][] = [];
  for await (const batch of batches) rows.push(...batchToRows(schema, batch));
  return rows;
}
