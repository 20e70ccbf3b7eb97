/** CREATE TABLE, also OR REPLACE and AS. */
import { CommitStateUnknown, type CreateTableRequest, type LoadedTable } from '../../catalog/index.js';
import { messageOf, SkuaError, toSkuaError } from '../../errors.js';
import { requireReadable } from '../../governance/index.js';
import {
  applySnapshot,
  arrowToSchema,
  creationCommit,
  knownFormatVersion,
  prepareSnapshot,
  refuseLaterTypes,
} from '../../iceberg/index.js';
import type { DataFile, Schema } from '../../iceberg/types.js';
import { alreadyExists, changeTable } from '../committing/commit.js';
import type { Propose } from '../committing/contract.js';
import type { StatementContext } from '../environment.js';
import { bindQuery, describeBound } from '../reading/query.js';
import { CHOSEN_SETTINGS, chosenSetting, DEFAULT_FORMAT_VERSION } from '../session/chosen-settings.js';
import type { CreateTableStatement } from '../syntax/statement.js';
import { displayName, resolveTable, type TableName } from '../tables/names.js';
import { catalogOf, loadTable, namesOf, type PinnedTable, pinned } from '../tables/tables.js';
import { executionSummary } from '../writing/execution.js';
import { writeQuery } from '../writing/insert.js';
import { appending, recordsOf, writeDataFiles } from '../writing/write.js';
import { withWriteDefaults } from './column-defaults.js';
import { createRequest, schemaOfDefinition, withIdentifier } from './definitions.js';
import { replaceTable } from './replace-table.js';

/** The rows written; 0 for an empty table, and where IF NOT EXISTS found one. */
export async function createTable(context: StatementContext, written: CreateTableStatement): Promise<number> {
  if (written.as !== undefined) return createTableAs(context, written, written.as);
  const name = resolveTable(namesOf(context), written.table);
  const existing = written.orReplace ? await existingTable(context, name) : undefined;
  const statement = withChosenVersion(context, written, existing);
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
async function createTableAs(context: StatementContext, written: CreateTableStatement, sql: string): Promise<number> {
  const source = await bindQuery(context, sql);
  const { schema } = await describeBound(context, source);
  const existing = written.orReplace
    ? await existingTable(context, resolveTable(namesOf(context), written.table))
    : undefined;
  const statement = withChosenVersion(context, written, existing);
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
      writeQuery(context, replaced, { source }, columns, writeDataFiles),
    );
  }
  return createAndFill(context, statement, defined, (table) =>
    writeQuery(context, table, { source }, columns, writeDataFiles),
  );
}

/** A new table has the format version that the session chose, where the statement names none. */
function withChosenVersion(
  { call }: StatementContext,
  statement: CreateTableStatement,
  existing: PinnedTable | undefined,
): CreateTableStatement {
  const chosen = chosenSetting(call.session, DEFAULT_FORMAT_VERSION);
  const isSame = chosen === undefined || chosen === CHOSEN_SETTINGS[DEFAULT_FORMAT_VERSION]?.default;
  if (existing || isSame || statement.properties['format-version'] !== undefined) return statement;
  return { ...statement, properties: { ...statement.properties, 'format-version': chosen } };
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
  const formatVersion = formatVersionOf(statement, existing);
  for (const { name, type } of schema.fields) refuseLaterTypes(name, type, formatVersion);
  return withWriteDefaults(context, schema, statement.columns, formatVersion);
}

async function existingTable(context: StatementContext, name: TableName): Promise<PinnedTable | undefined> {
  try {
    return await loadTable(context, name);
  } catch (error) {
    if (error instanceof SkuaError && error.code === 'NOT_FOUND') return undefined;
    throw error;
  }
}

/**
 * Creates a table and fills it, in one commit: until then nobody sees it, and on failure there is none. In a transaction it is there once that is
 * committed. The rows that `fill` wrote data files of; 0 where IF NOT EXISTS found a table.
 */
export async function createAndFill(
  context: StatementContext,
  statement: CreateTableStatement,
  schema: Schema,
  fill: ((table: PinnedTable) => Promise<DataFile[]>) | undefined,
): Promise<number> {
  const name = resolveTable(namesOf(context), statement.table);
  context.transaction?.requireChangeable();
  try {
    if (context.transaction?.created(name)) throw alreadyExists(name);
    const request = createRequest(name, statement, schema);
    if (fill || context.transaction) return await createStaged(context, name, request, fill ?? (async () => []));
    requireReadable(displayName(name), await catalogOf(context, name.catalog).createTable(name.namespace, request));
    return 0;
  } catch (error) {
    if (!statement.ifNotExists || !(error instanceof SkuaError) || error.code !== 'ALREADY_EXISTS') throw error;
    context.written?.take();
    return 0;
  }
}

async function createStaged(
  context: StatementContext,
  name: TableName,
  request: CreateTableRequest,
  fill: (table: PinnedTable) => Promise<DataFile[]>,
): Promise<number> {
  const loadedAt = performance.now();
  const answer = await stageTable(context, name, request);
  const table = pinned(context, name, answer, loadedAt);
  if (answer.metadataLocation !== undefined) return fillMade(context, table, fill);
  let files: DataFile[] = [];
  await changeTable(context, { ...table, isStaged: true }, async (state) => {
    files = await fill(state);
    return creating(files);
  });
  return recordsOf(files);
}

/** The table that is staged; or that is made, where the catalog knows no staged creation. */
async function stageTable(
  context: StatementContext,
  name: TableName,
  request: CreateTableRequest,
): Promise<LoadedTable> {
  const catalog = catalogOf(context, name.catalog);
  try {
    return await catalog.stageTable(name.namespace, request);
  } catch (error) {
    const isRefused = error instanceof SkuaError && error.code === 'UNIMPLEMENTED';
    if (!isRefused || context.transaction) throw error;
    return catalog.createTable(name.namespace, request);
  }
}

/** The table with its first rows. */
function creating(files: readonly DataFile[]): Propose {
  return async (context, { metadata, storage }) => {
    const { requirements, updates } = creationCommit(metadata);
    if (files.length === 0) return { commit: { requirements, updates }, after: metadata, written: [] };
    const summary = executionSummary(context, recordsOf(files));
    const snapshot = await prepareSnapshot(metadata, { operation: 'append', added: [...files], summary }, storage);
    return {
      commit: { requirements, updates: [...updates, ...snapshot.updates] },
      after: applySnapshot(metadata, snapshot),
      written: snapshot.written,
    };
  };
}

/**
 * For catalogs that can't stage a table: it is made empty, filled, and dropped again if that fails, but not with what somebody else has done to
 * it meanwhile.
 */
async function fillMade(
  context: StatementContext,
  made: PinnedTable,
  fill: (table: PinnedTable) => Promise<DataFile[]>,
): Promise<number> {
  try {
    if (context.transaction) {
      throw new SkuaError('UNIMPLEMENTED', `Catalog ${made.name.catalog} does not take CREATE TABLE in a transaction`);
    }
    let files: DataFile[] = [];
    await changeTable(context, made, async (state) => {
      files = await fill(state);
      return appending(made, files);
    });
    return recordsOf(files);
  } catch (error) {
    if (error instanceof CommitStateUnknown) throw error;
    throw await dropped({ ...context, transaction: undefined }, made, error);
  }
}

/** The failure, which says so where the table had to stay. */
async function dropped(context: StatementContext, made: PinnedTable, failure: unknown): Promise<unknown> {
  try {
    const { metadata } = await loadTable(context, made.name);
    const isUntouched = metadata.tableUuid === made.metadata.tableUuid && metadata.snapshots.length === 0;
    if (isUntouched) await catalogOf(context, made.name.catalog).dropTable(made.name, { purge: false });
    return failure;
  } catch (error) {
    const { code, message } = toSkuaError(failure);
    const left = `table ${displayName(made.name)} was created and could not be dropped again: ${messageOf(error)}`;
    return new SkuaError(code, `${message} (${left})`, { cause: failure });
  }
}
