/** The rows of a change, computed once and kept while deletes and new rows are made of them. */
import { sliceBatch } from '../../arrow/index.js';
import type { BoundTable, EngineSession, ParameterRow, TableRead } from '../../engine/contract.js';
import { SkuaError } from '../../errors.js';
import type { FileTask } from '../../iceberg/contract.js';
import { quoteName } from '../../sql/index.js';
import type { StatementContext } from '../environment.js';
import { assignedNames, noteColumns } from '../lineage/written-columns.js';
import { Binder, type BoundQuery } from '../reading/bind.js';
import { statementOf, statementOver, valuesOf } from '../reading/bound-query.js';
import { asRecorded } from '../reading/planned-by-catalog.js';
import { describeBound } from '../reading/query.js';
import type { RowsTable } from '../rows.js';
import { stateKey } from '../tables/branch-state.js';
import { displayName } from '../tables/names.js';
import type { PinnedTable } from '../tables/tables.js';
import { runsTogether, withParameters } from '../writing/bound-rows.js';
import { type ChangeQuery, changed } from './change-query.js';
import { describeRow } from './describe-row.js';
import { type Reads, readsOf } from './reads.js';

export interface ChangedRows {
  /** The computed rows as a table of other statements. */
  table: BoundTable & { kind: 'kept' };
  /** What stands for them in a FROM clause: each row of the table at most once. */
  from: string;
  /** Rows that were changed, as the client counts them. */
  count: number;
  /** How many rows go, by the location of their data file. */
  byFile: Map<string, number>;
  /** The files of the table that rows go from. */
  touched: FileTask[];
  /** How many rows each file holds, deleted ones included, by its location. */
  stored: ReadonlyMap<string, number>;
  /** The table as its files are read. */
  readable: PinnedTable;
  /** What of the table the query looked at. */
  reads: Reads;
  engine: EngineSession;
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
  return new Binder(context, {}, [table]).bind(query.sql);
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
  const engine = await context.environment.engine(context.call);
  const { bound, row } = await withBound(context, await bindChange(context, table, query), query, parameters);
  const schema = table.schema.fields.map(({ name }) => name);
  const names = assignedNames(query.columns, query.checked.fieldIds);
  noteColumns(context, { table: table.name, schema, names }, bound);
  const kept = await engine.keep(statementOf(context, bound), {
    signal: context.call.signal,
    parameters: row,
    columns: query.columns,
    checked: query.checked,
  });
  const { count } = kept;
  const rows = {
    table: { kind: 'kept' as const, name: KEPT, rows: kept },
    from: quoteName(KEPT),
    reads: readsOf(table, bound, kept.reads),
    readable: table,
    touched: [] as FileTask[],
    stored: new Map<string, number>(kept.reads.flatMap(({ stored }) => [...stored])),
    engine,
    release: () => kept.release(),
  };
  try {
    if (count === 0) return { ...rows, count, byFile: new Map() };
    if (query.twice === 'last') rows.from = lastOfEach;
    if (query.twice === 'refuse') await refuseTwice(context, table, rows);
    const byFile = await countByFile(context, rows);
    return {
      ...rows,
      count: query.writes ? count : await countOf(context, rows),
      byFile,
      ...(await touchedFiles(context, table, lookedAt(table, bound, kept.reads), byFile)),
    };
  } catch (error) {
    await kept.release();
    throw error;
  }
}

const KEPT = 'changed rows';

/** Of rows that several bound rows change, what the last one makes of them. */
const lastOfEach = `(SELECT * FROM ${quoteName(KEPT)} QUALIFY row_number() OVER (PARTITION BY ${quoteName(changed.file)}, ${quoteName(changed.position)} ORDER BY ${quoteName(changed.ordinal)} DESC) = 1)`;

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

/** Whether the engine takes the bound rows as a table; errors that have another reason come up again where it takes them one by one. */
export async function isTaken(
  context: StatementContext,
  table: PinnedTable,
  query: ChangeQuery,
  parameters: RowsTable,
): Promise<boolean> {
  try {
    const { bound } = await withBound(context, await bindChange(context, table, query), query, parameters);
    return await runsTogether(context, bound);
  } catch (error) {
    if (error instanceof SkuaError && error.code === 'INVALID_ARGUMENT') return false;
    throw error;
  }
}

/** The scans in which the query looked for rows to change. */
function lookedAt(table: PinnedTable, bound: BoundQuery, reads: readonly TableRead[]): TableRead[] {
  return [...bound.tables.values()].flatMap((candidate, index) => {
    const isTarget = stateKey(candidate) === stateKey(table) && candidate.hidden?.includes('_file');
    return isTarget && candidate.at === undefined ? (reads[index] ?? []) : [];
  });
}

async function touchedFiles(
  context: StatementContext,
  table: PinnedTable,
  reads: readonly TableRead[],
  byFile: ReadonlyMap<string, number>,
): Promise<Pick<ChangedRows, 'touched' | 'readable'>> {
  const tasks = new Map(reads.flatMap((read) => read.tasks).map((task) => [task.file.location, task]));
  const touched = [...tasks.values()].filter(({ file }) => byFile.has(file.location));
  const read = reads.find((one) => one.read)?.read;
  if (!read) return { touched, readable: table };
  return {
    touched: await asRecorded(context, table, touched, read),
    readable: { ...table, storage: read.storage, loaded: { ...table.loaded, storage: read.access } },
  };
}

type KeptTable = Pick<ChangedRows, 'table' | 'from' | 'engine'>;

async function countByFile(context: StatementContext, rows: KeptTable): Promise<Map<string, number>> {
  const file = quoteName(changed.file);
  const sql = `SELECT ${file}, count(*) FROM ${rows.from} WHERE ${file} IS NOT NULL GROUP BY 1`;
  const counts = await valuesOfRows(context, rows, sql);
  return new Map(counts.map(([location, count]) => [String(location), Number(count)]));
}

async function countOf(context: StatementContext, rows: KeptTable): Promise<number> {
  const [row] = await valuesOfRows(context, rows, `SELECT count(*) FROM ${rows.from}`);
  return Number(row?.[0]);
}

async function refuseTwice(context: StatementContext, table: PinnedTable, rows: KeptTable): Promise<void> {
  const key = `${quoteName(changed.file)}, ${quoteName(changed.position)}`;
  const sql = `SELECT ${key} FROM ${rows.from} WHERE ${quoteName(changed.file)} IS NOT NULL GROUP BY ${key} HAVING count(*) > 1 LIMIT 1`;
  const [twice] = await valuesOfRows(context, rows, sql);
  if (!twice) return;
  const row = await describeRow(context, table, String(twice[0]), twice[1] as bigint);
  throw new SkuaError(
    'INVALID_ARGUMENT',
    `Several source rows match one row of ${displayName(table.name)}, which can be changed only once: ${row}`,
  );
}

/** A small result over the rows of a change, as values. */
export function valuesOfRows(
  context: StatementContext,
  rows: KeptTable,
  sql: string,
  others: readonly BoundTable[] = [],
): Promise<unknown[][]> {
  const statement = statementOver(context, sql, [rows.table, ...others]);
  return valuesOf(rows.engine, statement, context.call.signal);
}
