/** Bulk ingest (Flight SQL, CommandStatementIngest): a stream of batches becomes the rows of a table, all of them or none. */
import type { Field, Schema } from 'apache-arrow';
import type { ColumnarBatch } from '../../arrow/index.js';
import { SkuaError } from '../../errors.js';
import { arrowToSchema, promotionProblem, typeToSql } from '../../iceberg/index.js';
import type { DataFile, NestedField } from '../../iceberg/types.js';
import { quoteName } from '../../sql/index.js';
import { changeTable } from '../committing/commit.js';
import type { IngestTarget } from '../contract.js';
import { createAndFill } from '../definitions/create-table.js';
import { withIdentifier } from '../definitions/definitions.js';
import { replaceTable } from '../definitions/replace-table.js';
import type { StatementContext } from '../environment.js';
import { statementOver } from '../reading/bound-query.js';
import type { CreateTableStatement } from '../syntax/statement.js';
import { forWriting } from '../tables/branches.js';
import { fieldNamed } from '../tables/fields.js';
import { currentCatalog, displayName, findCatalog, namespaceOf, schemaName, type TableName } from '../tables/names.js';
import { refuseChanges } from '../tables/restricted.js';
import { catalogOf, loadTable, namesOf, type PinnedTable } from '../tables/tables.js';
import { ingestTemporary } from '../tables/temporary.js';
import { appending, authorizeChange, recordsOf, replacing, writeDataFiles } from '../writing/write.js';
import { holdsVariants, peek } from './new-table.js';
import { portionsOf } from './portions.js';

/** Writes the stream. A column that the table lacks, or a required one that the stream lacks: INVALID_ARGUMENT. */
export async function ingest(
  context: StatementContext,
  target: IngestTarget,
  schema: Schema,
  batches: AsyncIterable<ColumnarBatch>,
): Promise<number> {
  if (target.temporary) return ingestTemporary(context, target, schema, batches);
  const name = targetName(context, target);
  const existing = await existingTable(context, name);
  if (existing) {
    if (target.ifExists === 'fail') throw new SkuaError('ALREADY_EXISTS', `Table already exists: ${displayName(name)}`);
    if (target.ifExists === 'replace') return replaceRows(context, existing, schema, batches);
    if (target.ifNotExists === 'create') requireColumns(existing, schema);
    return writeRows(context, existing, appending, (state) => writePortions(context, state, schema, batches));
  }
  if (target.ifNotExists === 'fail') throw new SkuaError('NOT_FOUND', `Table does not exist: ${displayName(name)}`);
  const { formatVersion, ...rows } = await peek(schema, batches);
  const properties: Record<string, string> = formatVersion ? { 'format-version': String(formatVersion) } : {};
  const { fields } = arrowToSchema(schema, { formatVersion });
  return createAndFill(context, { ...creation(name), properties }, withIdentifier(fields, []), (table) =>
    writePortions(context, table, schema, rows.batches),
  );
}

/** The rows in place of those that are there; where they don't fit the table's columns, with others. */
async function replaceRows(
  context: StatementContext,
  table: PinnedTable,
  schema: Schema,
  batches: AsyncIterable<ColumnarBatch>,
): Promise<number> {
  refuseChanges(table, 'Replacing rows');
  const needed = await peek(schema, batches);
  const write = (state: PinnedTable) => writePortions(context, state, schema, needed.batches);
  const { formatVersion: current } = table.metadata;
  const formatVersion = needed.formatVersion ?? current;
  if (fits(table, schema, formatVersion)) return writeRows(context, table, replacing, write);
  const defined = withIdentifier(arrowToSchema(schema, { formatVersion }).fields, []);
  const properties: Record<string, string> = formatVersion > current ? { 'format-version': String(formatVersion) } : {};
  return replaceTable(context, table, { ...creation(table.name), properties }, defined, write);
}

async function writeRows(
  context: StatementContext,
  table: PinnedTable,
  proposing: typeof appending,
  write: (state: PinnedTable) => Promise<DataFile[]>,
): Promise<number> {
  await authorizeChange(context, table);
  let files: DataFile[] = [];
  await changeTable(context, table, async (state) => {
    files = await write(state);
    return proposing(table, files);
  });
  return recordsOf(files);
}

/** Who says how the table is to be made, if it isn't there, wants one with these columns: ALREADY_EXISTS where it has others. */
function requireColumns({ name, schema: { fields } }: PinnedTable, schema: Schema): void {
  const known = new Set(fields.map((field) => field.name.toLowerCase()));
  const missing = schema.fields.filter((field) => !known.has(field.name.toLowerCase()));
  if (missing.length === 0) return;
  const columns = missing.map((field) => `"${field.name}"`).join(', ');
  throw new SkuaError('ALREADY_EXISTS', `Table ${displayName(name)} exists already, without column ${columns}`);
}

/** Data files of all rows. Written portion by portion, so that the engine never holds more than one of them. */
async function writePortions(
  context: StatementContext,
  table: PinnedTable,
  schema: Schema,
  batches: AsyncIterable<ColumnarBatch>,
): Promise<DataFile[]> {
  const sql = ingestQuery(table, schema);
  const files: DataFile[] = [];
  try {
    for await (const portion of portionsOf(batches, context.environment.limits.portionBytes)) {
      const statement = statementOver(context, sql, [{ kind: 'rows', name: INGESTED, schema, batches: portion }]);
      files.push(...(await writeDataFiles(context, table, { statement })));
    }
  } catch (error) {
    const isMalformed = error instanceof SkuaError && error.code === 'DATA_LOSS' && holdsVariants(schema);
    throw isMalformed ? new SkuaError('INVALID_ARGUMENT', error.message, { cause: error }) : error;
  }
  return files;
}

/** Whether a table can take the place of the one that the stream would make: the same columns, of the same types or wider ones. */
function fits({ schema: { fields } }: PinnedTable, schema: Schema, formatVersion: 1 | 2 | 3): boolean {
  const given = arrowToSchema(schema, { formatVersion }).fields;
  return (
    given.length === fields.length &&
    given.every((column) => {
      const field = fields.find(({ name }) => name.toLowerCase() === column.name.toLowerCase());
      if (!field) return false;
      return (
        typeToSql(field.type) === typeToSql(column.type) || !promotionProblem(column.type, field.type, formatVersion)
      );
    })
  );
}

const INGESTED = 'ingested rows';

/** Columns go by name, in any case. */
function ingestQuery(table: PinnedTable, schema: Schema): string {
  const given = new Map(schema.fields.map((field) => [fieldNamed(table.schema.fields, field.name).id, field]));
  const columns = table.schema.fields.map((field) => {
    const source = given.get(field.id);
    return `${source === undefined ? 'NULL' : givenSql(field, source)} AS ${quoteName(field.name)}`;
  });
  return `SELECT ${columns.join(', ')} FROM ${quoteName(INGESTED)}`;
}

/** Text that is called JSON is taken apart where it becomes a variant; any other text is a variant as it is. */
function givenSql({ type }: NestedField, given: Field): string {
  const name = quoteName(given.name);
  const isJson = given.metadata.get('ARROW:extension:name') === 'arrow.json';
  return isJson && type.kind === 'primitive' && type.type === 'variant' ? `CAST(${name} AS JSON)` : name;
}

function targetName(context: StatementContext, target: IngestTarget): TableName {
  const names = namesOf(context);
  const catalog = target.catalog ? findCatalog(names, target.catalog) : currentCatalog(names);
  if (catalog === undefined) throw new SkuaError('NOT_FOUND', `Catalog does not exist: ${target.catalog}`);
  const namespace = target.schema ? namespaceOf(target.schema) : context.call.session.schema;
  if (!namespace) throw new SkuaError('INVALID_ARGUMENT', `No schema is given for table "${target.table}"`);
  return { catalog, namespace, name: target.table };
}

async function existingTable(context: StatementContext, name: TableName): Promise<PinnedTable | undefined> {
  try {
    return forWriting(context, await loadTable(context, name));
  } catch (error) {
    if (!(error instanceof SkuaError) || error.code !== 'NOT_FOUND') throw error;
    await catalogOf(context, name.catalog).loadNamespace(name.namespace);
    return undefined;
  }
}

function creation(name: TableName): CreateTableStatement {
  return {
    kind: 'create-table',
    orReplace: false,
    table: [name.catalog, schemaName(name.namespace), name.name],
    ifNotExists: false,
    columns: [],
    identifier: [],
    partitions: [],
    sortedBy: [],
    properties: {},
  };
}
