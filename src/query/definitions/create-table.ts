/** CREATE TABLE, also OR REPLACE and AS. */
import type { LoadedTable } from '../../catalog/contract.js';
import { messageOf, SkuaError, toSkuaError } from '../../errors.js';
import { requireReadable } from '../../governance/index.js';
import { arrowToSchema, knownFormatVersion } from '../../iceberg/index.js';
import type { Schema } from '../../iceberg/types.js';
import type { StatementContext } from '../environment.js';
import { bindingsOf, bindQuery } from '../reading/query.js';
import type { CreateTableStatement } from '../syntax/statement.js';
import { displayName, resolveTable, type TableName } from '../tables/names.js';
import { catalogOf, loadTable, namesOf, type PinnedTable } from '../tables/tables.js';
import { writeQuery } from '../writing/insert.js';
import { appendRows, writeDataFiles } from '../writing/write.js';
import { withWriteDefaults } from './column-defaults.js';
import { createRequest, schemaOfDefinition, withIdentifier } from './definitions.js';
import { replaceTable } from './replace-table.js';

/** The rows written; 0 for an empty table, and where IF NOT EXISTS found one. */
export async function createTable(context: StatementContext, statement: CreateTableStatement): Promise<number> {
  if (statement.as !== undefined) return createTableAs(context, statement, statement.as);
  const name = resolveTable(namesOf(context), statement.table);
  const existing = statement.orReplace ? await existingTable(context, name) : undefined;
  const schema = await withDefaultsOf(
    context,
    statement,
    schemaOfDefinition(statement.columns, statement.identifier),
    existing,
  );
  if (existing) return replaceTable(context, existing, statement, schema, async () => []);
  return createAndFill(context, statement, schema, undefined);
}

/** CREATE TABLE AS. A failure on the way leaves no table behind. The rows written; 0 where the table was there already. */
async function createTableAs(context: StatementContext, statement: CreateTableStatement, sql: string): Promise<number> {
  const source = await bindQuery(context, sql);
  const { engine } = await context.environment.instance(context.call);
  const { schema } = await engine.describe(source.sql, bindingsOf(source), context.call.signal);
  const existing = statement.orReplace
    ? await existingTable(context, resolveTable(namesOf(context), statement.table))
    : undefined;
  const isThree = formatVersionOf(statement, existing) === 3;
  const { fields } = arrowToSchema(schema, { formatVersion: isThree ? 3 : 2 });
  if (statement.columns.length > 0 && statement.columns.length !== fields.length) {
    throw new SkuaError(
      'INVALID_ARGUMENT',
      `${statement.columns.length} columns are named, but the query has ${fields.length}`,
    );
  }
  const named = fields.map((field, index) => {
    const { name = field.name, required = false, comment } = statement.columns[index] ?? {};
    const doc = comment === undefined ? {} : { doc: comment };
    return { ...field, name, required: required || statement.identifier.includes(name), ...doc };
  });
  const columns = named.map(({ name }) => name);
  const defined = await withDefaultsOf(context, statement, withIdentifier(named, statement.identifier), existing);
  if (existing) {
    return replaceTable(context, existing, statement, defined, (replaced) =>
      writeQuery(context, replaced, source, columns, writeDataFiles),
    );
  }
  return createAndFill(context, statement, defined, (table) => writeQuery(context, table, source, columns, appendRows));
}

/** Catalogs make tables of format version 2 where nothing else is said. */
function formatVersionOf({ properties }: CreateTableStatement, existing: PinnedTable | undefined): number {
  return knownFormatVersion(properties['format-version'] ?? existing?.metadata.formatVersion ?? 2);
}

function withDefaultsOf(
  context: StatementContext,
  statement: CreateTableStatement,
  schema: Schema,
  existing: PinnedTable | undefined,
): Promise<Schema> {
  return withWriteDefaults(context, schema, statement.columns, formatVersionOf(statement, existing));
}

async function existingTable(context: StatementContext, name: TableName): Promise<PinnedTable | undefined> {
  try {
    return await loadTable(context, name);
  } catch (error) {
    if (error instanceof SkuaError && error.code === 'NOT_FOUND') return undefined;
    throw error;
  }
}

/** Creates a table and fills it; drops it again if that fails. */
export async function createAndFill(
  context: StatementContext,
  statement: CreateTableStatement,
  schema: Schema,
  fill: ((table: PinnedTable) => Promise<number>) | undefined,
): Promise<number> {
  const name = resolveTable(namesOf(context), statement.table);
  const catalog = catalogOf(context, name.catalog);
  let created: LoadedTable;
  try {
    created = await catalog.createTable(name.namespace, createRequest(name, statement, schema));
  } catch (error) {
    if (statement.ifNotExists && error instanceof SkuaError && error.code === 'ALREADY_EXISTS') return 0;
    throw error;
  }
  if (!fill) {
    requireReadable(displayName(name), created);
    return 0;
  }
  try {
    requireReadable(displayName(name), created);
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
