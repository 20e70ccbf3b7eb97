/** `information_schema` (ISO/IEC 9075-11), as the caller may see it. Iceberg's identifier fields are its primary keys. */
import type { Field } from 'apache-arrow';
import { SkuaError } from '../../errors.js';
import type { TableEntry } from '../contract.js';
import type { StatementContext } from '../environment.js';
import { inParallel } from '../parallel.js';
import { type RowsTable, rowsTable } from '../rows.js';
import { currentCatalog, findCatalog, type NameContext, namespaceOf } from '../tables/names.js';
import { describeTableOrView } from '../tables/tables.js';
import { INFORMATION_SCHEMA } from './information-schema-tables.js';
import { listSchemas, listTables } from './metadata.js';

/** The table that a path into `information_schema` means; undefined for any other path. Unknown table in it: NOT_FOUND. */
export async function informationSchemaTable(
  context: StatementContext,
  names: NameContext,
  path: readonly string[],
): Promise<RowsTable | undefined> {
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
  return rowsTable(`information_schema.${within ?? '*'}.${table}`, schema, await rows(context, table, within));
}

async function rows(context: StatementContext, table: string, catalog: string | undefined): Promise<unknown[][]> {
  const list = (tableTypes: string[], includeSchema = false) =>
    listTables(context, { catalog, tableTypes, includeSchema });
  switch (table) {
    case 'schemata':
      return (await listSchemas(context, catalog)).map((entry) => [entry.catalog, entry.schema, null]);
    case 'tables':
      return (await list([])).map((entry) => {
        const isTable = entry.type === 'TABLE';
        return [...nameOf(entry), isTable ? 'BASE TABLE' : 'VIEW', null, null, isTable ? 'YES' : 'NO', 'NO'];
      });
    case 'columns':
      return (await list([], true)).flatMap((entry) =>
        (entry.arrowSchema?.fields ?? []).map((field, index) => columnRow(entry, field, index)),
      );
    case 'views':
      return inParallel(await list(['VIEW']), 16, async (entry) => {
        const view = await loadEntry(context, entry);
        return [...nameOf(entry), view && 'sql' in view ? view.sql : null, 'NONE', 'NO', 'NO'];
      });
    case 'referential_constraints':
      return [];
    default:
      return (await inParallel(await list(['TABLE']), 16, (entry) => keyRows(context, table, entry))).flat();
  }
}

function nameOf(entry: TableEntry): string[] {
  return [entry.catalog, entry.schema, entry.table];
}

/** What one table's identifier fields are in `table_constraints`, `key_column_usage` and `constraint_column_usage`. */
async function keyRows(context: StatementContext, table: string, entry: TableEntry): Promise<unknown[][]> {
  const found = await loadEntry(context, entry);
  if (!found || 'sql' in found || found.schema.identifierFieldIds.length === 0) return [];
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

/** Undefined where the caller may not load it, or where it was dropped meanwhile. */
async function loadEntry(context: StatementContext, entry: TableEntry) {
  const name = { catalog: entry.catalog, namespace: namespaceOf(entry.schema), name: entry.table };
  try {
    return await describeTableOrView(context, name);
  } catch (error) {
    if (error instanceof SkuaError && (error.code === 'PERMISSION_DENIED' || error.code === 'NOT_FOUND'))
      return undefined;
    throw error;
  }
}

function columnRow(entry: TableEntry, field: Field, index: number): unknown[] {
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
    null,
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
