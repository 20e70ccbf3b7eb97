/** Names as the token's owner may see them: catalogs, schemas, tables, views and their columns. */
import type { Schema } from 'apache-arrow';
import type { CatalogSession, Namespace, TableIdentifier } from '../../catalog/contract.js';
import { SkuaError } from '../../errors.js';
import { quoteName } from '../../sql/index.js';
import type { MetadataService, PrimaryKeyColumn, TableEntry, TableFilter } from '../contract.js';
import type { StatementContext } from '../environment.js';
import { inParallel } from '../parallel.js';
import { bindingsOf, bindQuery } from '../reading/query.js';
import { currentCatalog, likeMatcher, namespaceOf, schemaName, type TableName } from '../tables/names.js';
import { catalogOf, loadTable, loadTableOrView } from '../tables/tables.js';
import type { View } from '../tables/views.js';
import { describeFields } from './sql-metadata.js';

const AT_ONCE = 16;

/** Configured catalogs that accept the token. One that can't be reached is an error, one that refuses the caller is left out. */
export async function listCatalogs(context: StatementContext): Promise<string[]> {
  const names = [...context.environment.catalogs.keys()].sort();
  const seen = await inParallel(names, AT_ONCE, async (name) => {
    const answer = await unlessRefused(catalogOf(context, name).listNamespaces());
    return answer !== undefined;
  });
  return names.filter((_, index) => seen[index]);
}

export interface SchemaEntry {
  catalog: string;
  schema: string;
  namespace: Namespace;
}

/** Namespaces of all levels, of one catalog or of all, sorted by name. */
export async function listSchemas(
  context: StatementContext,
  catalog?: string,
  pattern?: string,
): Promise<SchemaEntry[]> {
  const catalogs = catalog === undefined ? [...context.environment.catalogs.keys()] : [catalog];
  const known = catalogs.filter((name) => context.environment.catalogs.has(name));
  const matches = likeMatcher(pattern);
  const found = await inParallel(known.sort(), AT_ONCE, async (name) => {
    const namespaces = (await unlessRefused(namespacesBelow(catalogOf(context, name)))) ?? [];
    return namespaces.map((namespace) => ({ catalog: name, schema: schemaName(namespace), namespace }));
  });
  return found
    .flat()
    .filter(({ schema }) => matches(schema))
    .sort((a, b) => compare(a.catalog, b.catalog) || compare(a.schema, b.schema));
}

async function namespacesBelow(catalog: CatalogSession, parent?: Namespace): Promise<Namespace[]> {
  const children = await catalog.listNamespaces(parent);
  const deeper = await inParallel(
    children,
    AT_ONCE,
    async (child) => (await unlessRefused(namespacesBelow(catalog, child))) ?? [],
  );
  return children.flatMap((child, index) => [child, ...(deeper[index] ?? [])]);
}

/** Tables and views, sorted by catalog, schema and name. */
export async function listTables(context: StatementContext, filter: TableFilter): Promise<TableEntry[]> {
  const schemas = await listSchemas(context, filter.catalog, filter.schemaPattern);
  const types = filter.tableTypes.length > 0 ? filter.tableTypes : ['TABLE', 'VIEW'];
  const matches = likeMatcher(filter.tablePattern);
  const found = await inParallel(schemas, AT_ONCE, async ({ catalog, namespace }) => {
    const session = catalogOf(context, catalog);
    const list = async (type: 'TABLE' | 'VIEW', ask: () => Promise<TableIdentifier[]>) => {
      if (!types.includes(type)) return [];
      const identifiers = (await unlessRefused(ask())) ?? [];
      return identifiers.filter(({ name }) => matches(name)).map(({ name }) => ({ type, catalog, namespace, name }));
    };
    const [tables, views] = await Promise.all([
      list('TABLE', () => session.listTables(namespace)),
      list('VIEW', () => session.listViews(namespace)),
    ]);
    return [...tables, ...views];
  });
  const entries = found
    .flat()
    .sort(
      (a, b) =>
        compare(a.catalog, b.catalog) ||
        compare(schemaName(a.namespace), schemaName(b.namespace)) ||
        compare(a.name, b.name),
    );
  const schemasOf = filter.includeSchema
    ? await inParallel(entries, AT_ONCE, (entry) =>
        unlessRefused(arrowSchemaOf(context, { ...entry, namespace: [...entry.namespace] })),
      )
    : [];
  return entries.flatMap((entry, index) => {
    const arrowSchema = schemasOf[index];
    if (filter.includeSchema && !arrowSchema) return [];
    return [
      { catalog: entry.catalog, schema: schemaName(entry.namespace), table: entry.name, type: entry.type, arrowSchema },
    ];
  });
}

/** The columns of a table or view, with the `ARROW:FLIGHT:SQL:*` metadata. Undefined where it was dropped meanwhile. */
export async function arrowSchemaOf(context: StatementContext, name: TableName): Promise<Schema | undefined> {
  const found = await loadTableOrView(context, name);
  if ('sql' in found) return describeView(context, found);
  return describeFields(found.name, found.schema);
}

async function describeView(context: StatementContext, view: View): Promise<Schema> {
  if (view.schema) return describeFields(view.name, view.schema);
  const path = [view.name.catalog, schemaName(view.name.namespace), view.name.name];
  const bound = await bindQuery(context, `SELECT * FROM ${path.map(quoteName).join('.')}`);
  const { engine } = await context.environment.instance(context.call);
  return (await engine.describe(bound.sql, bindingsOf(bound))).schema;
}

/** Iceberg identifier fields. */
export async function primaryKeys(
  context: StatementContext,
  table: { catalog?: string; schema?: string; table: string },
): Promise<PrimaryKeyColumn[]> {
  const { session } = context.call;
  const catalog = table.catalog ?? currentCatalog({ catalogs: [...context.environment.catalogs.keys()], session });
  const namespace = table.schema !== undefined ? namespaceOf(table.schema) : session.schema;
  if (!namespace) throw new SkuaError('INVALID_ARGUMENT', `No schema is given for table "${table.table}"`);
  const { schema } = await loadTable(context, { catalog, namespace, name: table.table });
  return schema.identifierFieldIds.map((id, index) => ({
    catalog,
    schema: schemaName(namespace),
    table: table.table,
    column: schema.fields.find((field) => field.id === id)?.name ?? String(id),
    sequence: index + 1,
  }));
}

export function metadataService(contextOf: (call: StatementContext['call']) => StatementContext): MetadataService {
  return {
    catalogs: (call) => listCatalogs(contextOf(call)),
    schemas: (call, filter) => listSchemas(contextOf(call), filter.catalog, filter.schemaPattern),
    tables: (call, filter) => listTables(contextOf(call), filter),
    primaryKeys: (call, table) => primaryKeys(contextOf(call), table),
  };
}

/** What the caller may not see, or what went away between listing and loading, is no error in a listing. */
async function unlessRefused<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof SkuaError && (error.code === 'PERMISSION_DENIED' || error.code === 'NOT_FOUND'))
      return undefined;
    throw error;
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
