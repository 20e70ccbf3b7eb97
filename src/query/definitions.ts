/** CREATE and DROP of schemas, tables and views. What the caller may do is the catalog's to say. */
import { SkuaError } from '../errors.js';
import {
  assignFieldIds,
  checkPartitionName,
  partitionSource,
  partitionSpecToJson,
  schemaToJson,
  sqlTypeToIceberg,
} from '../iceberg/index.js';
import type { NestedField, PartitionSpec, Schema } from '../iceberg/types.js';
import type { StatementContext } from './environment.js';
import { resolveSchema, resolveTable, type TableName } from './names.js';
import type {
  ColumnDefinition,
  CreateSchemaStatement,
  CreateTableStatement,
  DropSchemaStatement,
  DropStatement,
  PartitionDefinition,
} from './syntax/statement.js';
import { catalogOf } from './tables.js';
import { dropTemporaryTable } from './temporary.js';

export async function createSchema(context: StatementContext, statement: CreateSchemaStatement): Promise<void> {
  const { catalog, namespace } = resolveSchema(namesOf(context), statement.schema);
  await ignoring(statement.ifNotExists ? 'ALREADY_EXISTS' : undefined, () =>
    catalogOf(context, catalog).createNamespace(namespace, statement.properties),
  );
}

export async function dropSchema(context: StatementContext, statement: DropSchemaStatement): Promise<void> {
  const { catalog, namespace } = resolveSchema(namesOf(context), statement.schema);
  await ignoring(statement.ifExists ? 'NOT_FOUND' : undefined, () =>
    catalogOf(context, catalog).dropNamespace(namespace),
  );
}

/** DROP TABLE removes the entry from the catalog; with PURGE the catalog removes the files too. */
export async function dropTable(context: StatementContext, statement: DropStatement): Promise<void> {
  if (statement.kind === 'drop-table' && dropTemporaryTable(context, statement.table)) return;
  const name = resolveTable(namesOf(context), statement.table);
  const catalog = catalogOf(context, name.catalog);
  await ignoring(statement.ifExists ? 'NOT_FOUND' : undefined, () =>
    statement.kind === 'drop-view' ? catalog.dropView(name) : catalog.dropTable(name, { purge: statement.purge }),
  );
}

/** Creates an empty table. False where it was there already and IF NOT EXISTS says that this is fine. */
export async function createTable(context: StatementContext, statement: CreateTableStatement): Promise<boolean> {
  const name = resolveTable(namesOf(context), statement.table);
  const schema = schemaOfDefinition(statement.columns, statement.identifier);
  return ignoring(statement.ifNotExists ? 'ALREADY_EXISTS' : undefined, async () => {
    await catalogOf(context, name.catalog).createTable(name.namespace, createRequest(name, statement, schema));
  });
}

/** The catalog's request for a table of that schema. */
export function createRequest(name: TableName, statement: CreateTableStatement, schema: Schema) {
  const properties = { ...statement.properties };
  if (statement.comment !== undefined) properties.comment = statement.comment;
  return {
    name: name.name,
    schema: schemaToJson(schema),
    partitionSpec: partitionSpecToJson(specOfDefinition(statement.partitions, schema)),
    location: statement.location,
    properties,
  };
}

function schemaOfDefinition(columns: readonly ColumnDefinition[], identifier: readonly string[]): Schema {
  const seen = new Set<string>();
  const fields = columns.map((column): NestedField => {
    const folded = column.name.toLowerCase();
    if (seen.has(folded)) throw new SkuaError('INVALID_ARGUMENT', `Column "${column.name}" is defined twice`);
    seen.add(folded);
    return {
      id: 0,
      name: column.name,
      required: column.required || identifier.includes(column.name),
      type: sqlTypeToIceberg(column.type),
      doc: column.comment,
    };
  });
  return withIdentifier(assignFieldIds(fields), identifier);
}

/** The schema with its identifier fields set by name. */
export function withIdentifier(fields: NestedField[], identifier: readonly string[]): Schema {
  const identifierFieldIds = identifier.map((name) => fieldNamed(fields, name).id);
  return { schemaId: 0, fields, identifierFieldIds };
}

function specOfDefinition(partitions: readonly PartitionDefinition[], schema: Schema): PartitionSpec {
  const fields = partitions.map((partition, index) => {
    const source = partitionSource(schema.fields, partition);
    const { transform } = partition;
    const field = { fieldId: 1000 + index, sourceIds: [source.id], name: fieldName(partition), transform };
    checkPartitionName(schema.fields, field, source);
    return field;
  });
  return { specId: 0, fields };
}

/** The name that was given, or the one that the reference implementation gives to the fields of a new table. */
function fieldName({ column, transform, name }: PartitionDefinition): string {
  if (name !== undefined) return name;
  const base = column.join('.');
  const kind = transform.replace(/\[.*/, '');
  const suffix: Record<string, string> = { identity: '', truncate: '_trunc', void: '_null' };
  return `${base}${suffix[kind] ?? `_${kind}`}`;
}

/** A field by name, in any case. Unknown: INVALID_ARGUMENT. */
export function fieldNamed(fields: readonly NestedField[], name: string): NestedField {
  const folded = name.toLowerCase();
  const field =
    fields.find((candidate) => candidate.name === name) ??
    fields.find((candidate) => candidate.name.toLowerCase() === folded);
  if (!field) {
    const known = fields.map((candidate) => candidate.name).join(', ');
    throw new SkuaError('INVALID_ARGUMENT', `Column "${name}" does not exist; there are ${known}`);
  }
  return field;
}

export function namesOf(context: StatementContext) {
  return { catalogs: [...context.environment.catalogs.keys()], session: context.call.session };
}

/** Runs an action; false where it failed with just that code. */
export async function ignoring(code: string | undefined, action: () => Promise<unknown>): Promise<boolean> {
  try {
    await action();
    return true;
  } catch (error) {
    if (error instanceof SkuaError && error.code === code) return false;
    throw error;
  }
}
