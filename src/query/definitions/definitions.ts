/** CREATE and DROP of schemas, tables and views. What the caller may do is the catalog's to say. */
import type { CatalogSession, Namespace } from '../../catalog/index.js';
import { SkuaError } from '../../errors.js';
import {
  assignFieldIds,
  checkPartitionName,
  knownFormatVersion,
  partitionSource,
  partitionSpecToJson,
  refuseLaterTypes,
  schemaToJson,
  sortFields,
  sortOrderToJson,
  sqlTypeToIceberg,
} from '../../iceberg/index.js';
import type { NestedField, PartitionSpec, Schema } from '../../iceberg/types.js';
import type { StatementContext } from '../environment.js';
import type { PartitionDefinition } from '../syntax/partition.js';
import { fieldName } from '../syntax/partition.js';
import type {
  ColumnDefinition,
  CreateSchemaStatement,
  CreateTableStatement,
  DropSchemaStatement,
  DropStatement,
} from '../syntax/statement.js';
import { fieldNamed } from '../tables/fields.js';
import { resolveSchema, resolveTable, type TableName } from '../tables/names.js';
import { catalogOf, namesOf } from '../tables/tables.js';
import { dropTemporaryTable } from '../tables/temporary.js';
import { purgeTable } from './purge.js';

export async function createSchema(context: StatementContext, statement: CreateSchemaStatement): Promise<void> {
  const { catalog, namespace } = resolveSchema(namesOf(context), statement.schema);
  await ignoring(statement.ifNotExists ? 'ALREADY_EXISTS' : undefined, () =>
    catalogOf(context, catalog).createNamespace(namespace, statement.properties),
  );
}

/** Drops a schema that is empty; with CASCADE all that is in it first, as DROP TABLE and DROP VIEW would, one after the other. */
export async function dropSchema(context: StatementContext, statement: DropSchemaStatement): Promise<void> {
  const { catalog: name, namespace } = resolveSchema(namesOf(context), statement.schema);
  const catalog = catalogOf(context, name);
  await ignoring(statement.ifExists ? 'NOT_FOUND' : undefined, () =>
    statement.cascade ? dropWithContent(context, catalog, namespace) : catalog.dropNamespace(namespace),
  );
}

async function dropWithContent(
  context: StatementContext,
  catalog: CatalogSession,
  namespace: Namespace,
): Promise<void> {
  for (const child of await catalog.listNamespaces(namespace)) await dropWithContent(context, catalog, child);
  for (const view of await catalog.listViews(namespace)) {
    context.call.signal.throwIfAborted();
    await ignoring('NOT_FOUND', () => catalog.dropView(view));
  }
  for (const table of await catalog.listTables(namespace)) {
    context.call.signal.throwIfAborted();
    await ignoring('NOT_FOUND', () => catalog.dropTable(table, { purge: false }));
  }
  await catalog.dropNamespace(namespace);
}

/** DROP TABLE removes the entry from the catalog; with PURGE the files go too. */
export async function dropTable(context: StatementContext, statement: DropStatement): Promise<void> {
  if (dropTemporaryTable(context, statement.table)) return;
  const name = resolveTable(namesOf(context), statement.table);
  const catalog = catalogOf(context, name.catalog);
  await ignoring(statement.ifExists ? 'NOT_FOUND' : undefined, () =>
    statement.purge ? purgeTable(context, name) : catalog.dropTable(name, { purge: false }),
  );
}

/** The catalog's request for a table of that schema. A format version in which it could not be read again: UNIMPLEMENTED. */
export function createRequest(name: TableName, statement: CreateTableStatement, schema: Schema) {
  const { 'format-version': version } = statement.properties;
  if (version !== undefined) knownFormatVersion(version);
  // Catalogs make tables of format version 2 where nothing else is said.
  for (const field of schema.fields) refuseLaterTypes(field.name, field.type, Number(version ?? 2));
  return {
    name: name.name,
    schema: schemaToJson(schema),
    partitionSpec: partitionSpecToJson(specOfDefinition(statement.partitions, schema)),
    ...(statement.sortedBy.length > 0 && {
      writeOrder: sortOrderToJson({ orderId: 1, fields: sortFields(schema.fields, statement.sortedBy) }),
    }),
    location: statement.location,
    properties: tableProperties(statement),
  };
}

/** The comment is the property `comment`. */
export function tableProperties({ properties, comment }: CreateTableStatement): Record<string, string> {
  return comment === undefined ? { ...properties } : { ...properties, comment };
}

/** The schema that the columns of a CREATE TABLE make, with field ids from 1. */
export function schemaOfDefinition(columns: readonly ColumnDefinition[], identifier: readonly string[]): Schema {
  const seen = new Set<string>();
  const fields = columns.map((column): NestedField => {
    const folded = column.name.toLowerCase();
    if (folded === '') throw new SkuaError('INVALID_ARGUMENT', "A column can't have an empty name");
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

/** The partition spec that a CREATE TABLE makes for a schema. */
export function specOfDefinition(partitions: readonly PartitionDefinition[], schema: Schema): PartitionSpec {
  const fields = partitions.map((partition, index) => {
    const source = partitionSource(schema.fields, partition);
    const { transform } = partition;
    const field = { fieldId: 1000 + index, sourceIds: [source.id], name: fieldName(partition), transform };
    checkPartitionName(schema.fields, field, source);
    return field;
  });
  return { specId: 0, fields };
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
