/** Names as the token's owner may see them: catalogs, schemas, tables, views and their columns. */
import type { Schema } from 'apache-arrow';
import type { CatalogSession, Namespace, TableIdentifier } from '../../catalog/contract.js';
import { inParallel } from '../../parallel.js';
import { quoteName } from '../../sql/index.js';
import type { MetadataService, PrimaryKeyColumn, TableEntry, TableFilter } from '../contract.js';
import type { StatementContext } from '../environment.js';
import { bindQuery, describeBound } from '../reading/query.js';
import { escapeLike, namespaceOf, schemaName, type TableName } from '../tables/names.js';
import { catalogOf, describeTable, describeTableOrView } from '../tables/tables.js';
import type { View } from '../tables/views.js';
import { defaultText } from './default-text.js';
import { AT_ONCE, loadListed, unlessRefused } from './load-listed.js';
import { describeFields } from './sql-metadata.js';
import { type WantedNames, wantedByPatterns } from './wanted-names.js';

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

/** The wanted namespaces of all levels, sorted by catalog and name. */
export async function listSchemas(context: StatementContext, wanted: WantedNames): Promise<SchemaEntry[]> {
  const catalogs = [...context.environment.catalogs.keys()].filter((name) => wanted.catalog(name));
  const found = await inParallel(catalogs.sort(), AT_ONCE, async (name) => {
    const namespaces = (await unlessRefused(namespacesBelow(catalogOf(context, name), wanted))) ?? [];
    return namespaces.map((namespace) => ({ catalog: name, schema: schemaName(namespace), namespace }));
  });
  return found
    .flat()
    .filter(({ catalog, schema }) => wanted.schema(catalog, schema))
    .sort((a, b) => compare(a.catalog, b.catalog) || compare(a.schema, b.schema));
}

/** All namespaces that the walk to the wanted ones passes. */
async function namespacesBelow(catalog: CatalogSession, wanted: WantedNames, parent?: Namespace): Promise<Namespace[]> {
  const children = await catalog.listNamespaces(parent);
  const deeper = await inParallel(children, AT_ONCE, async (child) =>
    wanted.below(child) ? ((await unlessRefused(namespacesBelow(catalog, wanted, child))) ?? []) : [],
  );
  return children.flatMap((child, index) => [child, ...(deeper[index] ?? [])]);
}

const TYPES: TableEntry['type'][] = ['TABLE', 'VIEW'];

/** The wanted tables and views, sorted by catalog, schema and name. */
export async function listTables(
  context: StatementContext,
  wanted: WantedNames,
  types: readonly string[] = TYPES,
): Promise<TableEntry[]> {
  const schemas = await listSchemas(context, wanted);
  const found = await inParallel(schemas, AT_ONCE, async ({ catalog, schema, namespace }) => {
    const session = catalogOf(context, catalog);
    const list = async (type: TableEntry['type'], ask: () => Promise<TableIdentifier[]>) => {
      if (!types.includes(type)) return [];
      const identifiers = (await unlessRefused(ask())) ?? [];
      return identifiers
        .filter(({ name }) => wanted.table(catalog, schema, name))
        .map(({ name }) => ({ catalog, schema, table: name, type }));
    };
    const [tables, views] = await Promise.all([
      list('TABLE', () => session.listTables(namespace)),
      list('VIEW', () => session.listViews(namespace)),
    ]);
    return [...tables, ...views];
  });
  return found
    .flat()
    .sort((a, b) => compare(a.catalog, b.catalog) || compare(a.schema, b.schema) || compare(a.table, b.table));
}

interface ListedColumns {
  arrowSchema: Schema;
  /** What DEFAULT says of each column of a table. */
  defaults: readonly (string | undefined)[];
}

/** The entries with their columns; those that can't be loaded are left out. */
export async function withColumns(
  context: StatementContext,
  entries: readonly TableEntry[],
): Promise<(TableEntry & ListedColumns)[]> {
  const columns = await loadListed(context, entries, (name) => columnsOf(context, name));
  return entries.flatMap((entry, index) => {
    const found = columns[index];
    return found ? [{ ...entry, ...found }] : [];
  });
}

async function tablesOf(context: StatementContext, filter: TableFilter): Promise<TableEntry[]> {
  const { catalog, schemaPattern, tablePattern } = filter;
  const wanted = wantedByPatterns({ catalog, schema: schemaPattern, table: tablePattern });
  const types = filter.tableTypes.length > 0 ? filter.tableTypes : TYPES;
  const entries = await listTables(context, wanted, types);
  return filter.includeSchema ? withColumns(context, entries) : entries;
}

/** The columns of a table or view, with the `ARROW:FLIGHT:SQL:*` metadata. NOT_FOUND where there is none of that name. */
export async function arrowSchemaOf(context: StatementContext, name: TableName): Promise<Schema> {
  return (await columnsOf(context, name)).arrowSchema;
}

async function columnsOf(context: StatementContext, name: TableName): Promise<ListedColumns> {
  const found = await describeTableOrView(context, name);
  if ('sql' in found) return { arrowSchema: await describeView(context, found), defaults: [] };
  return {
    arrowSchema: describeFields(found.name, found.schema, found.masked),
    defaults: found.schema.fields.map(defaultText),
  };
}

async function describeView(context: StatementContext, view: View): Promise<Schema> {
  if (view.schema) return describeFields(view.name, view.schema);
  const path = [view.name.catalog, schemaName(view.name.namespace), view.name.name];
  const bound = await bindQuery(context, `SELECT * FROM ${path.map(quoteName).join('.')}`);
  return (await describeBound(context, bound)).schema;
}

/**
 * Iceberg identifier fields of the table, or of all tables of that name where no catalog or schema is given. None of a table that is not
 * there, or not for the caller to see.
 */
export async function primaryKeys(
  context: StatementContext,
  table: { catalog?: string; schema?: string; table: string },
): Promise<PrimaryKeyColumn[]> {
  const entries =
    table.catalog !== undefined && table.schema
      ? [{ catalog: table.catalog, schema: table.schema, table: table.table, type: 'TABLE' as const }]
      : await listTables(context, wantedByPatterns(exactly(table)), ['TABLE']);
  const keys = await inParallel(entries, AT_ONCE, async (entry) => {
    const name = { catalog: entry.catalog, namespace: namespaceOf(entry.schema), name: entry.table };
    const schema = context.environment.catalogs.has(name.catalog)
      ? (await unlessRefused(describeTable(context, name)))?.schema
      : undefined;
    const { fields = [], identifierFieldIds = [] } = schema ?? {};
    return identifierFieldIds.map((id, index) => ({
      catalog: entry.catalog,
      schema: entry.schema,
      table: entry.table,
      column: fields.find((field) => field.id === id)?.name ?? String(id),
      sequence: index + 1,
    }));
  });
  return keys.flat();
}

function exactly({ catalog, schema, table }: { catalog?: string; schema?: string; table: string }) {
  const pattern = schema === undefined ? {} : { schema: escapeLike(schema) };
  return { ...(catalog !== undefined && { catalog }), ...pattern, table: escapeLike(table) };
}

export function metadataService(contextOf: (call: StatementContext['call']) => StatementContext): MetadataService {
  return {
    catalogs: (call) => listCatalogs(contextOf(call)),
    schemas: (call, { catalog, schemaPattern }) =>
      listSchemas(contextOf(call), wantedByPatterns({ catalog, schema: schemaPattern })),
    tables: (call, filter) => tablesOf(contextOf(call), filter),
    primaryKeys: (call, table) => primaryKeys(contextOf(call), table),
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
