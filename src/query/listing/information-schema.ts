/** `information_schema` (ISO/IEC 9075-11), as the caller may see it. Iceberg's identifier fields are its primary keys. */
import type { Field } from 'apache-arrow';
import type { RowsDemand } from '../../engine/contract.js';
import { SkuaError } from '../../errors.js';
import type { TableEntry } from '../contract.js';
import type { StatementContext } from '../environment.js';
import type { ListedTable } from '../rows.js';
import { currentCatalog, findCatalog, type NameContext, type TableName } from '../tables/names.js';
import { describeTable, describeTableOrView, type TableDescription } from '../tables/tables.js';
import { INFORMATION_SCHEMA } from './information-schema-tables.js';
import { loadListed } from './load-listed.js';
import { listSchemas, listTables, withColumns } from './metadata.js';
import { type NameColumns, type WantedNames, wantedByFilter } from './wanted-names.js';

/** The table that a path into `information_schema` means; undefined for any other path. Unknown table in it: NOT_FOUND. */
export function informationSchemaTable(
  context: StatementContext,
  names: NameContext,
  path: readonly string[],
): ListedTable | undefined {
  if (path.length < 2 || path.at(-2)?.toLowerCase() !== 'information_schema') return undefined;
  const table = (path.at(-1) as string).toLowerCase();
  const schema = Object.hasOwn(INFORMATION_SCHEMA, table) ? INFORMATION_SCHEMA[table] : undefined;
  if (!schema) {
    const known = Object.keys(INFORMATION_SCHEMA).join(', ');
    throw new SkuaError('NOT_FOUND', `Table does not exist: information_schema.${table}; there are ${known}`);
  }
  const catalog = path.length > 2 ? findCatalog(names, path[0] as string) : undefined;
  if (path.length > 2 && catalog === undefined) throw new SkuaError('NOT_FOUND', `Catalog does not exist: ${path[0]}`);
  const within = catalog ?? (names.catalogs.length > 1 && !names.session.catalog ? undefined : currentCatalog(names));
  const name = `information_schema.${within ?? '*'}.${table}`;
  const origin = within === undefined ? undefined : { catalog: within, dataset: `information_schema.${table}` };
  return { name, schema, origin, list: (demand) => rows(context, table, within, demand) };
}

const SCHEMATA: NameColumns = { catalog: ['catalog_name'], schema: ['schema_name'], table: [] };
const TABLES: NameColumns = {
  catalog: ['table_catalog', 'constraint_catalog'],
  schema: ['table_schema', 'constraint_schema'],
  table: ['table_name'],
};

async function rows(
  context: StatementContext,
  table: string,
  within: string | undefined,
  { columns, filter }: RowsDemand,
): Promise<unknown[][]> {
  const asked = wantedByFilter(filter, table === 'schemata' ? SCHEMATA : TABLES);
  const wanted: WantedNames = {
    ...asked,
    catalog: (catalog) => (within === undefined || catalog === within) && asked.catalog(catalog),
  };
  switch (table) {
    case 'schemata':
      return (await listSchemas(context, wanted)).map((entry) => [entry.catalog, entry.schema, null]);
    case 'tables':
      return (await listTables(context, wanted)).map((entry) => {
        const isTable = entry.type === 'TABLE';
        return [...nameOf(entry), isTable ? 'BASE TABLE' : 'VIEW', null, null, isTable ? 'YES' : 'NO', 'NO'];
      });
    case 'columns':
      return (await withColumns(context, await listTables(context, wanted))).flatMap((entry) =>
        entry.arrowSchema.fields.map((field, index) => columnRow(entry, field, index, entry.defaults[index])),
      );
    case 'table_comments':
      return commentRows(context, await listTables(context, wanted), columns.includes('comment'));
    case 'views':
      return viewRows(context, await listTables(context, wanted, ['VIEW']), columns.includes('view_definition'));
    case 'referential_constraints':
      return [];
    default: {
      const entries = await listTables(context, wanted, ['TABLE']);
      const found = await loadListed(context, entries, (name) => describeTable(context, name));
      return entries.flatMap((entry, index) => keyRows(table, entry, found[index]));
    }
  }
}

async function viewRows(
  context: StatementContext,
  entries: readonly TableEntry[],
  withText: boolean,
): Promise<unknown[][]> {
  const textOf = async (name: TableName) => {
    const view = await describeTableOrView(context, name);
    return 'sql' in view ? view.sql : undefined;
  };
  const texts = withText ? await loadListed(context, entries, textOf) : [];
  return entries.map((entry, index) => [...nameOf(entry), texts[index] ?? null, 'NONE', 'NO', 'NO']);
}

async function commentRows(
  context: StatementContext,
  entries: readonly TableEntry[],
  withText: boolean,
): Promise<unknown[][]> {
  const commentOf = async (name: TableName) => (await describeTableOrView(context, name)).comment;
  const comments = withText ? await loadListed(context, entries, commentOf) : [];
  return entries.map((entry, index) => [...nameOf(entry), comments[index] ?? null]);
}

function nameOf(entry: TableEntry): string[] {
  return [entry.catalog, entry.schema, entry.table];
}

/** What one table's identifier fields are in `table_constraints`, `key_column_usage` and `constraint_column_usage`. */
function keyRows(table: string, entry: TableEntry, found: TableDescription | undefined): unknown[][] {
  if (!found || found.schema.identifierFieldIds.length === 0) return [];
  const { fields, identifierFieldIds } = found.schema;
  const columns = identifierFieldIds.map((id) => fields.find((field) => field.id === id)?.name ?? String(id));
  const constraint = [entry.catalog, entry.schema, `${entry.table}_primary_key`];
  const name = nameOf(entry);
  switch (table) {
    case 'table_constraints':
      return [[...constraint, ...name, 'PRIMARY KEY', 'NO', 'NO', 'NO']];
    case 'key_column_usage':
      return columns.map((column, index) => [...constraint, ...name, column, index + 1, null]);
    default:
      return columns.map((column) => [...name, column, ...constraint]);
  }
}

function columnRow(entry: TableEntry, field: Field, index: number, given: string | undefined): unknown[] {
  const value = (key: string) => field.metadata.get(`ARROW:FLIGHT:SQL:${key}`);
  const number = (key: string) => (value(key) === undefined ? null : Number(value(key)));
  const type = value('TYPE_NAME') ?? String(field.type);
  const isNumeric = /^(?:INTEGER|BIGINT|FLOAT|DOUBLE|DECIMAL)\b(?!.*\[\])/.test(type);
  const isTime = /^TIME\w*(?: WITH TIME ZONE)?$/.test(type);
  const length = type === 'VARCHAR' ? number('PRECISION') : null;
  return [
    ...nameOf(entry),
    field.name,
    index + 1,
    given ?? null,
    field.nullable ? 'YES' : 'NO',
    type,
    length,
    length,
    isNumeric ? number('PRECISION') : null,
    isNumeric ? 10 : null,
    isNumeric ? number('SCALE') : null,
    isTime ? number('SCALE') : null,
    'NO',
    'NEVER',
    entry.type === 'TABLE' ? 'YES' : 'NO',
    value('REMARKS') ?? null,
  ];
}
