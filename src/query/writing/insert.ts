/** INSERT. */
import type { Schema } from 'apache-arrow';
import { sliceBatch } from '../../arrow/index.js';
import type { BoundParameters, ParameterRow, QueryDescription } from '../../engine/contract.js';
import { SkuaError } from '../../errors.js';
import { defaultPartitionSpec, partitionKey, tableColumns, writeDefault } from '../../iceberg/index.js';
import type { DataFile, NestedField } from '../../iceberg/types.js';
import { quoteName } from '../../sql/index.js';
import { changeTable } from '../committing/commit.js';
import type { Propose } from '../committing/contract.js';
import type { StatementContext } from '../environment.js';
import { noteColumns } from '../lineage/written-columns.js';
import type { BoundQuery } from '../reading/bind.js';
import { statementOf } from '../reading/bound-query.js';
import { bindQuery, describeBound } from '../reading/query.js';
import type { RowsTable } from '../rows.js';
import type { InsertStatement } from '../syntax/statement.js';
import { fieldNamed } from '../tables/fields.js';
import { displayName } from '../tables/names.js';
import { refuseChanges } from '../tables/restricted.js';
import type { PinnedTable } from '../tables/tables.js';
import { loadTableToWrite } from '../tables/targets.js';
import { parameterRowsOf, runsTogether, withParameters } from './bound-rows.js';
import { withDefaults } from './default-values.js';
import { hasFieldDefaults, withFieldDefaults } from './struct-defaults.js';
import { appending, authorizeChange, type RowSource, recordsOf, replacing, writeDataFiles } from './write.js';

/** The parameters of an INSERT, typed by the columns they go to where they stand alone. */
export async function describeInsert(context: StatementContext, statement: InsertStatement): Promise<QueryDescription> {
  const table = await loadInsertTarget(context, statement);
  return describeSource(context, table, await sourceOf(context, table, statement));
}

async function describeSource(
  context: StatementContext,
  table: PinnedTable,
  { source, targets }: InsertSource,
  bound?: BoundParameters,
): Promise<QueryDescription> {
  const engine = await context.environment.engine(context.call);
  const columns = tableColumns(table.schema);
  const into = targets.flatMap((name) => columns.filter(({ field }) => field.name === name));
  const options = { signal: context.call.signal, bound, ...(into.length > 0 && { into }) };
  return engine.describe(statementOf(context, source), options);
}

/**
 * What an INSERT writes as text that is not bound yet: its query, how many columns that has, the value of each column of the table, and what
 * the parameters are.
 */
export async function insertedColumns(
  context: StatementContext,
  table: PinnedTable,
  statement: InsertStatement,
): Promise<{
  sql: string;
  targets: number;
  values: string[];
  describe: (bound: BoundParameters) => Promise<QueryDescription>;
}> {
  const source = await sourceOf(context, table, statement);
  const { targets } = source;
  const columns = targets.map((name) => (name === undefined ? undefined : fieldNamed(table.schema.fields, name)));
  const isDefault = statement.sql === undefined;
  const sql = isDefault ? 'SELECT 1' : withDefaults(statement.sql as string, columns as NestedField[]);
  const describe = (bound: BoundParameters) => describeSource(context, table, source, bound);
  const isGiven = !isDefault && columns.some((column) => column && hasFieldDefaults(column.type));
  const given = isGiven ? (await describeBound(context, source.source)).schema : undefined;
  return { sql, targets: targets.length, values: valuesOf(table, targets, given), describe };
}

/** The query whose rows an INSERT writes, for EXPLAIN. */
export async function bindInsertQuery(context: StatementContext, statement: InsertStatement): Promise<BoundQuery> {
  const table = await loadTableToWrite(context, statement.table);
  return (await sourceOf(context, table, statement)).source;
}

/**
 * Runs an INSERT, with all rows of parameters in one snapshot. The rows inserted. `inTurns` runs it for one row after the other, each on what the
 * one before has left, where several rows can't be inserted by one query.
 */
export async function insert(
  context: StatementContext,
  statement: InsertStatement,
  parameters: RowsTable | undefined,
  inTurns: () => Promise<number>,
): Promise<number> {
  const table = await loadInsertTarget(context, statement);
  if (statement.columns) targetColumns(table, statement.columns);
  await authorizeChange(context, table);
  const from = await sourceOf(context, table, statement);
  const { source, targets } = from;
  const types = parameters && (await describeSource(context, table, from, parameters)).types;
  const given = parameters && types ? await givenRows(context, source, parameters, types) : [{ source }];
  const isAlone = given.length === 1 && (given[0]?.parameters || !parameters || hasOneRow(parameters));
  if (!statement.overwrite && !isAlone && (given.length > 1 || reads(source, table))) return inTurns();
  let files: DataFile[] = [];
  await changeTable(context, table, async (state) => {
    files = [];
    for (const each of given) files.push(...(await writeQuery(context, state, each, targets, writeDataFiles)));
    return statement.overwrite ? overwriting(table, files) : appending(table, files);
  });
  return recordsOf(files);
}

function hasOneRow({ batches }: RowsTable): boolean {
  return batches.reduce((count, { length }) => count + length, 0) <= 1;
}

/** Whether the query looks at the table as it is now, in whatever branch. */
function reads({ tables }: BoundQuery, { metadata: { tableUuid } }: PinnedTable): boolean {
  return [...tables.values()].some(({ metadata, at }) => at === undefined && metadata.tableUuid === tableUuid);
}

/** A query whose rows are written, and the values of its parameters. */
interface GivenRows {
  source: BoundQuery;
  parameters?: ParameterRow;
}

async function givenRows(
  context: StatementContext,
  source: BoundQuery,
  parameters: RowsTable,
  types: QueryDescription['types'],
): Promise<GivenRows[]> {
  const together = withParameters(source, parameters, types);
  if (await runsTogether(context, together)) return [{ source: together }];
  return parameterRowsOf(parameters, types).map((row) => ({ source, parameters: row }));
}

/** INSERT OVERWRITE of a restricted table: PERMISSION_DENIED. */
async function loadInsertTarget(context: StatementContext, statement: InsertStatement): Promise<PinnedTable> {
  const table = await loadTableToWrite(context, statement.table);
  if (statement.overwrite) refuseChanges(table, 'INSERT OVERWRITE');
  return table;
}

/** What an INSERT writes, and the column that each column of it goes to; undefined for one that goes nowhere. */
interface InsertSource {
  source: BoundQuery;
  targets: (string | undefined)[];
}

async function sourceOf(
  context: StatementContext,
  table: PinnedTable,
  statement: InsertStatement,
): Promise<InsertSource> {
  if (statement.sql === undefined) {
    return { source: await bindQuery(context, 'SELECT 1'), targets: [undefined] };
  }
  if (statement.byName) {
    const source = await bindQuery(context, statement.sql);
    const { schema } = await describeBound(context, source);
    const names = schema.fields.map(({ name }) => name);
    return { source, targets: targetColumns(table, names).map(({ name }) => name) };
  }
  const columns = targetColumns(table, statement.columns);
  const source = await bindQuery(context, withDefaults(statement.sql, columns));
  return { source, targets: columns.map(({ name }) => name) };
}

/** Rows instead of those that are there: of the whole table, or where it is partitioned, of the partitions that get any. */
function overwriting(table: PinnedTable, files: readonly DataFile[]): Propose | undefined {
  const { defaultSpecId } = table.metadata;
  if (defaultPartitionSpec(table.metadata).fields.length === 0) return replacing(table, files);
  if (files.length === 0) return undefined;
  const written = new Set(files.map(({ partition }) => partitionKey(partition)));
  return replacing(table, files, {
    isReplaced: ({ specId, partition }) => specId === defaultSpecId && written.has(partitionKey(partition)),
  });
}

/** Writes a bound query's rows to the named columns of a table; the others get their default. */
export async function writeQuery<T>(
  context: StatementContext,
  table: PinnedTable,
  { source, parameters }: GivenRows,
  targets: readonly (string | undefined)[],
  write: (context: StatementContext, table: PinnedTable, rows: RowSource) => Promise<T>,
): Promise<T> {
  const { schema } = await describeBound(context, source, parameters && boundOf(parameters));
  if (schema.fields.length !== targets.length) {
    throw new SkuaError(
      'INVALID_ARGUMENT',
      `INSERT into ${displayName(table.name)} takes ${targets.length} columns, but the query has ${schema.fields.length}`,
    );
  }
  const inserted = { ...source, sql: insertQuery(table, source.sql, targets, schema) };
  noteColumns(context, { table: table.name, schema: table.schema.fields.map(({ name }) => name) }, inserted);
  return write(context, table, { statement: statementOf(context, inserted), parameters });
}

function boundOf({ schema, batch, index }: ParameterRow): BoundParameters {
  return { schema, batches: [sliceBatch(schema, batch, index, 1)] };
}

/** The query's columns in table order, with defaults for columns that are not written. */
function insertQuery(table: PinnedTable, sql: string, targets: readonly (string | undefined)[], given: Schema): string {
  const columns = valuesOf(table, targets, given);
  const names = targets.map((_, index) => quoteName(`c${index}`));
  return `SELECT ${columns.join(', ')} FROM (${sql}\n) AS ${quoteName('source')}(${names.join(', ')})`;
}

/** Each column of the table by its name: a column of the query, or its default. */
function valuesOf(table: PinnedTable, targets: readonly (string | undefined)[], given: Schema | undefined): string[] {
  return table.schema.fields.map((field) => {
    const index = targets.indexOf(field.name);
    const column = quoteName(`c${index}`);
    const value = index < 0 ? writeDefault(field) : withFieldDefaults(field.type, column, given?.fields[index]);
    return `${value} AS ${quoteName(field.name)}`;
  });
}

function targetColumns(table: PinnedTable, names: string[] | undefined): NestedField[] {
  if (!names) return table.schema.fields;
  const fields = names.map((name) => fieldNamed(table.schema.fields, name));
  const twice = fields.find((field, index) => fields.indexOf(field) !== index);
  if (twice) throw new SkuaError('INVALID_ARGUMENT', `Column "${twice.name}" is named twice`);
  return fields;
}
