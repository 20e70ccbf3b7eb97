/** `information_schema` (ISO/IEC 9075-11): schemata, tables, columns and views, as the caller may see them. */
import { Field, Int32, Schema, Utf8 } from 'apache-arrow';
import { SkuaError } from '../errors.js';
import type { StatementContext } from './environment.js';
import { listSchemas, listTables } from './metadata.js';
import { currentCatalog, findCatalog, type NameContext, namespaceOf } from './names.js';
import { inParallel } from './parallel.js';
import { type RowsTable, rowsTable } from './rows.js';
import { loadTableOrView } from './tables.js';

const text = (name: string, nullable = true) => new Field(name, new Utf8(), nullable);
const integer = (name: string) => new Field(name, new Int32(), true);

const SCHEMAS: Record<string, Schema> = {
  schemata: new Schema([text('catalog_name'), text('schema_name'), text('schema_owner')]),
  tables: new Schema([
    text('table_catalog'),
    text('table_schema'),
    text('table_name'),
    text('table_type'),
    text('is_insertable_into'),
  ]),
  columns: new Schema([
    text('table_catalog'),
    text('table_schema'),
    text('table_name'),
    text('column_name'),
    integer('ordinal_position'),
    text('column_default'),
    text('is_nullable'),
    text('data_type'),
    integer('character_maximum_length'),
    integer('numeric_precision'),
    integer('numeric_scale'),
    integer('datetime_precision'),
    text('column_comment'),
  ]),
  views: new Schema([text('table_catalog'), text('table_schema'), text('table_name'), text('view_definition')]),
};

/** The table that a path into `information_schema` means; undefined for any other path. Unknown table in it: NOT_FOUND. */
export async function informationSchemaTable(
  context: StatementContext,
  names: NameContext,
  path: readonly string[],
): Promise<RowsTable | undefined> {
  if (path.length < 2 || path.at(-2)?.toLowerCase() !== 'information_schema') return undefined;
  const table = (path.at(-1) as string).toLowerCase();
  const schema = SCHEMAS[table];
  if (!schema) {
    const known = Object.keys(SCHEMAS).join(', ');
    throw new SkuaError('NOT_FOUND', `Table does not exist: information_schema.${table}; there are ${known}`);
  }
  const catalog = path.length > 2 ? findCatalog(names, path[0] as string) : undefined;
  if (path.length > 2 && catalog === undefined) throw new SkuaError('NOT_FOUND', `Catalog does not exist: ${path[0]}`);
  const within = catalog ?? (names.catalogs.length > 1 && !names.session.catalog ? undefined : currentCatalog(names));
  return rowsTable(`information_schema.${within ?? '*'}.${table}`, schema, await rows(context, table, within));
}

async function rows(context: StatementContext, table: string, catalog: string | undefined): Promise<unknown[][]> {
  if (table === 'schemata') {
    return (await listSchemas(context, catalog)).map((entry) => [entry.catalog, entry.schema, null]);
  }
  const tableTypes = table === 'views' ? ['VIEW'] : [];
  const entries = await listTables(context, { catalog, tableTypes, includeSchema: table === 'columns' });
  switch (table) {
    case 'tables':
      return entries.map(({ catalog: name, schema, table: title, type }) => [
        name,
        schema,
        title,
        type === 'TABLE' ? 'BASE TABLE' : 'VIEW',
        type === 'TABLE' ? 'YES' : 'NO',
      ]);
    case 'columns':
      return entries.flatMap((entry) =>
        (entry.arrowSchema?.fields ?? []).map((field, index) => columnRow(entry, field, index)),
      );
    default:
      return inParallel(entries, 16, async (entry) => {
        const name = { catalog: entry.catalog, namespace: namespaceOf(entry.schema), name: entry.table };
        const view = await loadTableOrView(context, name);
        return [entry.catalog, entry.schema, entry.table, 'sql' in view ? view.sql : null];
      });
  }
}

function columnRow(entry: { catalog: string; schema: string; table: string }, field: Field, index: number): unknown[] {
  const value = (key: string) => field.metadata.get(`ARROW:FLIGHT:SQL:${key}`);
  const number = (key: string) => (value(key) === undefined ? null : Number(value(key)));
  const type = value('TYPE_NAME') ?? String(field.type);
  const isNumeric = /^(?:INTEGER|BIGINT|FLOAT|DOUBLE|DECIMAL)/.test(type);
  const isTime = /^TIME/.test(type);
  return [
    entry.catalog,
    entry.schema,
    entry.table,
    field.name,
    index + 1,
    null,
    field.nullable ? 'YES' : 'NO',
    type,
    type === 'VARCHAR' ? number('PRECISION') : null,
    isNumeric ? number('PRECISION') : null,
    isNumeric ? number('SCALE') : null,
    isTime ? number('SCALE') : null,
    value('REMARKS') ?? null,
  ];
}
