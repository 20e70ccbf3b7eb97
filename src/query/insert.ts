/** INSERT and CREATE TABLE AS. */
import type { QueryDescription } from '../engine/contract.js';
import { messageOf, SkuaError, toSkuaError } from '../errors.js';
import { arrowToSchema, tableColumns, writeDefault } from '../iceberg/index.js';
import type { BoundQuery } from './bind.js';
import { createRequest, fieldNamed, namesOf, withIdentifier } from './definitions.js';
import type { StatementContext } from './environment.js';
import { displayName, resolveTable } from './names.js';
import { bindingsOf, bindQuery, stageQuery } from './query.js';
import type { RowsTable } from './rows.js';
import { Cursor } from './syntax/cursor.js';
import { quoteName } from './syntax/lexer.js';
import { applyEdits, type Edit } from './syntax/rewrite.js';
import type { CreateTableStatement, InsertStatement } from './syntax/statement.js';
import { catalogOf, loadTable, type PinnedTable } from './tables.js';
import { appendRows, authorizeChange } from './write.js';

/** The parameters of an INSERT, typed by the columns they go to where they stand alone. */
export async function describeInsert(context: StatementContext, statement: InsertStatement): Promise<QueryDescription> {
  const table = await loadTable(context, resolveTable(namesOf(context), statement.table));
  const source = await bindQuery(context, statement.sql);
  const columns = targetColumns(table, statement.columns).map(({ name }) => quoteName(name));
  const target = { name: 'insert target', columns: tableColumns(table.schema) };
  const { engine } = await context.environment.instance(context.call);
  const sql = `INSERT INTO ${quoteName(target.name)} (${columns.join(', ')}) ${source.sql}`;
  return engine.describe(sql, [target, ...bindingsOf(source)], context.call.signal);
}

/** Runs an INSERT, with all rows of parameters in one snapshot. The rows inserted. */
export async function insert(
  context: StatementContext,
  statement: InsertStatement,
  parameters: RowsTable | undefined,
): Promise<number> {
  const table = await loadTable(context, resolveTable(namesOf(context), statement.table));
  const targets = targetColumns(table, statement.columns);
  await authorizeChange(context, table);
  const source = await bindQuery(context, statement.sql);
  const bound = parameters ? withParameters(source, parameters) : source;
  return appendQuery(
    context,
    table,
    bound,
    targets.map(({ name }) => name),
  );
}

/**
 * The query once for each row of parameters, as one query: the parameters become columns of a table that the query is laterally joined
 * to. Typed values throughout; nothing is pasted into the text.
 */
export function withParameters(query: BoundQuery, parameters: RowsTable): BoundQuery {
  const cursor = new Cursor(query.sql);
  const edits: Edit[] = [];
  let ordinal = 0;
  for (; !cursor.ended; cursor.next()) {
    const token = cursor.peek();
    if (token?.kind !== 'parameter') continue;
    const written = token.text.slice(1);
    const index = written === '' ? ordinal++ : Number(written) - 1;
    const field = parameters.schema.fields[index];
    if (!field) throw new SkuaError('INVALID_ARGUMENT', `Parameter ${index + 1} has no value`);
    edits.push({ start: token.start, end: token.end, text: `${quoteName(parameters.name)}.${quoteName(field.name)}` });
  }
  const lateral = applyEdits(query.sql, edits);
  const rows = new Map(query.rows).set(parameters.name, parameters);
  return {
    ...query,
    rows,
    sql: `SELECT ${quoteName('row')}.* FROM ${quoteName(parameters.name)}, LATERAL (${lateral}) AS ${quoteName('row')}`,
    parameterCount: 0,
  };
}

/** Appends a bound query's rows to the named columns of a table; the others get their default. */
async function appendQuery(
  context: StatementContext,
  table: PinnedTable,
  source: BoundQuery,
  targets: readonly string[],
): Promise<number> {
  const { engine } = await context.environment.instance(context.call);
  const { schema } = await engine.describe(source.sql, bindingsOf(source), context.call.signal);
  if (schema.fields.length !== targets.length) {
    throw new SkuaError(
      'INVALID_ARGUMENT',
      `INSERT into ${displayName(table.name)} takes ${targets.length} columns, but the query has ${schema.fields.length}`,
    );
  }
  const wrapped = { ...source, sql: insertQuery(table, source.sql, targets) };
  const { scans, area } = await stageQuery(context, wrapped);
  try {
    return await appendRows(context, table, { sql: wrapped.sql, scans });
  } finally {
    await area.release();
  }
}

/** The query's columns in table order, with defaults for columns that are not written. */
function insertQuery(table: PinnedTable, sql: string, targets: readonly string[]): string {
  const columns = table.schema.fields.map((field) => {
    const index = targets.indexOf(field.name);
    return index < 0
      ? `${writeDefault(field)} AS ${quoteName(field.name)}`
      : `${quoteName(`c${index}`)} AS ${quoteName(field.name)}`;
  });
  const names = targets.map((_, index) => quoteName(`c${index}`));
  return `SELECT ${columns.join(', ')} FROM (${sql}\n) AS ${quoteName('source')}(${names.join(', ')})`;
}

function targetColumns(table: PinnedTable, names: string[] | undefined): { name: string }[] {
  if (!names) return table.schema.fields;
  const fields = names.map((name) => fieldNamed(table.schema.fields, name));
  const twice = fields.find((field, index) => fields.indexOf(field) !== index);
  if (twice) throw new SkuaError('INVALID_ARGUMENT', `Column "${twice.name}" is named twice`);
  return fields;
}

/** CREATE TABLE AS. A failure on the way leaves no table behind. The rows written; 0 where the table was there already. */
export async function createTableAs(
  context: StatementContext,
  statement: CreateTableStatement,
  sql: string,
): Promise<number> {
  const source = await bindQuery(context, sql);
  const { engine } = await context.environment.instance(context.call);
  const { schema } = await engine.describe(source.sql, bindingsOf(source), context.call.signal);
  const fields = arrowToSchema(schema).fields;
  if (statement.columns.length > 0 && statement.columns.length !== fields.length) {
    throw new SkuaError(
      'INVALID_ARGUMENT',
      `${statement.columns.length} columns are named, but the query has ${fields.length}`,
    );
  }
  const named = fields.map((field, index) => {
    const required = statement.columns[index]?.required || statement.identifier.includes(field.name);
    return { ...field, name: statement.columns[index]?.name ?? field.name, required: required ?? false };
  });
  return createAndFill(context, statement, withIdentifier(named, statement.identifier), async (table) => {
    const columns = table.schema.fields.map(({ name }) => name);
    return appendQuery(context, table, source, columns);
  });
}

/** Creates a table and fills it; drops it again if that fails. */
export async function createAndFill(
  context: StatementContext,
  statement: CreateTableStatement,
  schema: Parameters<typeof createRequest>[2],
  fill: (table: PinnedTable) => Promise<number>,
): Promise<number> {
  const name = resolveTable(namesOf(context), statement.table);
  const catalog = catalogOf(context, name.catalog);
  try {
    await catalog.createTable(name.namespace, createRequest(name, statement, schema));
  } catch (error) {
    if (statement.ifNotExists && error instanceof SkuaError && error.code === 'ALREADY_EXISTS') return 0;
    throw error;
  }
  try {
    return await fill(await loadTable(context, name));
  } catch (error) {
    await catalog.dropTable(name, { purge: true }).catch((dropError: unknown) => {
      const { code, message } = toSkuaError(error);
      const left = `table ${displayName(name)} was created and could not be dropped again: ${messageOf(dropError)}`;
      throw new SkuaError(code, `${message} (${left})`, { cause: error });
    });
    throw error;
  }
}
