/** CREATE TEMPORARY TABLE and CREATE TEMPORARY VIEW, and INSERT into such a table. */
import { Schema } from 'apache-arrow';
import { type ColumnarBatch, sliceBatch } from '../../arrow/index.js';
import { SkuaError } from '../../errors.js';
import { arrowToSchema, fieldToResult } from '../../iceberg/index.js';
import { quoteName } from '../../sql/index.js';
import type { StatementContext } from '../environment.js';
import { Binder, type BoundQuery } from '../reading/bind.js';
import { bindQuery, describeBound, runQuery } from '../reading/query.js';
import type { RowsTable } from '../rows.js';
import type { CreateTableStatement, CreateTemporaryStatement, InsertStatement } from '../syntax/statement.js';
import type { CreateViewStatement } from '../syntax/view.js';
import { fieldNamed } from '../tables/fields.js';
import {
  ingestTemporary,
  keepTemporaryView,
  putBackTemporary,
  temporaryName,
  temporaryTable,
  temporaryView,
} from '../tables/temporary.js';
import { runsTogether, withParameters } from '../writing/bound-rows.js';
import { withDefaults } from '../writing/default-values.js';
import { losslessSql } from '../writing/lossless.js';
import { typedSql } from '../writing/typed-values.js';
import { schemaOfDefinition } from './definitions.js';

/** The rows that the table begins with. */
export async function createTemporary(
  context: StatementContext,
  { definition }: CreateTemporaryStatement,
): Promise<number> {
  if (definition.kind === 'create-table') return createTable(context, definition);
  await createView(context, definition);
  return 0;
}

async function createTable(context: StatementContext, statement: CreateTableStatement): Promise<number> {
  const table = nameOf(statement.table);
  refuseClauses(statement);
  if (statement.ifNotExists && temporaryTable(context, [table])) return 0;
  if (temporaryView(context, [table])) throw new SkuaError('ALREADY_EXISTS', `Temporary view already exists: ${table}`);
  const { schema, batches } = await contentOf(context, statement);
  const ifExists = statement.orReplace ? 'replace' : 'fail';
  return ingestTemporary(context, { table, temporary: true, ifNotExists: 'create', ifExists }, schema, batches);
}

async function contentOf(
  context: StatementContext,
  { as, columns }: CreateTableStatement,
): Promise<{ schema: Schema; batches: AsyncIterable<ColumnarBatch> }> {
  if (as === undefined) {
    // The rows are results of queries, in which variants are JSON.
    return { schema: new Schema(schemaOfDefinition(columns, []).fields.map(fieldToResult)), batches: nothing() };
  }
  const names = columns.map(({ name }) => quoteName(name)).join(', ');
  const bound = await bindQuery(
    context,
    names === '' ? as : `SELECT * FROM (${as}\n) AS ${quoteName('rows')}(${names})`,
  );
  return runQuery(context, bound);
}

async function* nothing(): AsyncGenerator<ColumnarBatch> {}

function refuseClauses({
  columns,
  identifier,
  partitions,
  sortedBy,
  properties,
  location,
  comment,
}: CreateTableStatement) {
  const has = partitions.length + sortedBy.length + Object.keys(properties).length + identifier.length > 0;
  const isPlain = columns.every(
    (column) => !column.required && column.default === undefined && column.comment === undefined,
  );
  if (has || location !== undefined || comment !== undefined || !isPlain) {
    throw new SkuaError(
      'UNIMPLEMENTED',
      'A temporary table is rows in memory: its columns have names and types, and it has no constraints, defaults, partitions or properties',
    );
  }
}

async function createView(context: StatementContext, statement: CreateViewStatement): Promise<void> {
  const name = nameOf(statement.view);
  if (statement.ifNotExists && temporaryView(context, [name])) return;
  if (temporaryTable(context, [name])) throw new SkuaError('ALREADY_EXISTS', `Temporary table already exists: ${name}`);
  const bound = await new Binder(context).bind(statement.sql);
  if (bound.parameterCount > 0) throw new SkuaError('INVALID_ARGUMENT', 'The query of a view takes no parameters');
  const { schema } = await describeBound(context, bound);
  const columns = statement.columns.map((column) => column.name);
  if (columns.length > 0 && columns.length !== schema.fields.length) {
    throw new SkuaError(
      'INVALID_ARGUMENT',
      `${columns.length} columns are named, but the query has ${schema.fields.length}`,
    );
  }
  const { catalog, schema: current } = context.call.session;
  const view = { name, sql: statement.sql, columns, session: { catalog, schema: current } };
  await keepTemporaryView(context, view, { orReplace: statement.orReplace });
}

function nameOf(path: readonly string[]): string {
  const name = temporaryName(path) === undefined ? undefined : path.at(-1);
  if (name !== undefined) return name;
  throw new SkuaError(
    'INVALID_ARGUMENT',
    `${path.join('.')}: what is temporary belongs to the session and has a name without a schema`,
  );
}

/** Adds rows to a temporary table, for all bound rows or for none. The rows added. */
export async function insertTemporary(
  context: StatementContext,
  statement: InsertStatement,
  table: RowsTable,
  parameters: RowsTable | undefined,
): Promise<number> {
  const bound = await temporarySource(context, statement, table);
  if (parameters && hasMany(parameters) && reads(bound, table)) {
    return insertInTurns(context, statement, table, singleRows(parameters));
  }
  const types = parameters && (await describeBound(context, bound, parameters)).types;
  const together = parameters && types && withParameters(bound, parameters, types);
  const stream =
    together && (await runsTogether(context, together))
      ? await runQuery(context, together)
      : await runQuery(context, bound, parameters);
  const target = {
    table: statement.table.at(-1) as string,
    temporary: true,
    ifNotExists: 'fail',
    ifExists: 'append',
  } as const;
  return ingestTemporary(context, target, stream.schema, stream.batches);
}

/** Each of the bound rows on what the one before has left. */
async function insertInTurns(
  context: StatementContext,
  statement: InsertStatement,
  table: RowsTable,
  rows: readonly RowsTable[],
): Promise<number> {
  let count = 0;
  try {
    for (const row of rows) {
      const now = temporaryTable(context, statement.table) ?? table;
      count += await insertTemporary(context, statement, now, row);
    }
  } catch (error) {
    putBackTemporary(context, statement.table, table);
    throw error;
  }
  return count;
}

function hasMany({ batches }: RowsTable): boolean {
  return batches.reduce((count, { length }) => count + length, 0) > 1;
}

function reads({ rows }: BoundQuery, { batches }: RowsTable): boolean {
  return [...rows.values()].some((read) => 'batches' in read && read.batches === batches);
}

function singleRows(table: RowsTable): RowsTable[] {
  const { schema } = table;
  return table.batches.flatMap((batch) =>
    Array.from({ length: batch.length }, (_, index) => ({ ...table, batches: [sliceBatch(schema, batch, index, 1)] })),
  );
}

/** The rows of an INSERT into a temporary table, in the types of its columns. */
export async function temporarySource(
  context: StatementContext,
  statement: InsertStatement,
  table: RowsTable,
): Promise<BoundQuery> {
  if (statement.overwrite || statement.sql === undefined) {
    throw new SkuaError(
      'UNIMPLEMENTED',
      'A temporary table takes INSERT INTO with a query or VALUES; CREATE OR REPLACE TEMP TABLE … AS replaces its rows',
    );
  }
  const { fields } = arrowToSchema(table.schema, { formatVersion: 3 });
  let names = statement.columns;
  if (statement.byName) {
    const bound = await bindQuery(context, statement.sql);
    names = (await describeBound(context, bound)).schema.fields.map(({ name }) => name);
  }
  const targets = names?.map((name) => fieldNamed(fields, name)) ?? fields;
  const sql = withDefaults(statement.sql, targets);
  const given = (await describeBound(context, await bindQuery(context, sql))).schema.fields;
  const values = fields.map((field) => {
    const index = targets.indexOf(field);
    const cast = (item: string) => typedSql(field.type, item);
    const value = losslessSql(field.name, field.type, index < 0 ? 'NULL' : `c${index}`, cast, given[index]);
    return `${value} AS ${quoteName(field.name)}`;
  });
  const columns = targets.map((_, index) => `c${index}`).join(', ');
  return bindQuery(context, `SELECT ${values.join(', ')} FROM (${sql}\n) AS ${quoteName('rows')}(${columns})`);
}
