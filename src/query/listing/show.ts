/** SHOW, DESCRIBE and EXPLAIN: statements that answer with rows about names and plans. */
import { Bool, Field, List, Schema, Utf8 } from 'apache-arrow';
import { SkuaError } from '../../errors.js';
import { arrowToSchema, typeToSql } from '../../iceberg/index.js';
import { quoteName } from '../../sql/index.js';
import type { StatementContext } from '../environment.js';
import { describeQuery } from '../reading/query.js';
import { type Rows, type RowsTable, rowsTable } from '../rows.js';
import { settingsOf } from '../session/session-values.js';
import { settingOf } from '../session/settings.js';
import { parseStatement } from '../syntax/parse.js';
import { type DescribeStatement, type ShowStatement, statementName } from '../syntax/statement.js';
import { isSystemSchema, SYSTEM_TABLES, systemTable } from '../system/tables.js';
import {
  chosenCatalog,
  currentCatalog,
  escapeLike,
  findCatalog,
  likeMatcher,
  namespaceOf,
  resolveSchema,
  resolveTable,
  schemaName,
} from '../tables/names.js';
import { namesOf } from '../tables/tables.js';
import { temporaryTable, temporaryView } from '../tables/temporary.js';
import { arrowSchemaOf, listCatalogs, listSchemas, listTables, withColumns } from './metadata.js';
import { createStatement, tableProperties } from './show-create.js';
import { wantedByPatterns } from './wanted-names.js';

const text = (name: string) => new Field(name, new Utf8(), true);

const SHOW_SCHEMAS: Record<ShowStatement['what'], Schema> = {
  catalogs: new Schema([text('catalog_name')]),
  schemas: new Schema([text('schema_name')]),
  tables: new Schema([text('schema_name'), text('table_name'), text('table_type')]),
  views: new Schema([text('schema_name'), text('view_name')]),
  columns: new Schema([
    text('column_name'),
    text('column_type'),
    new Field('is_nullable', new Bool(), true),
    text('comment'),
  ]),
  settings: new Schema([text('name'), text('setting'), text('description')]),
  setting: new Schema([text('setting')]),
  'create-table': new Schema([text('create_statement')]),
  tblproperties: new Schema([text('key'), text('value')]),
  databases: new Schema([text('database_name')]),
  'all-tables': new Schema([
    text('database'),
    text('schema'),
    text('name'),
    new Field('column_names', new List(text('element')), true),
    new Field('column_types', new List(text('element')), true),
    new Field('temporary', new Bool(), true),
  ]),
  'current-schema': new Schema([text('catalog_name'), text('schema_name')]),
};

export function showSchema(statement: ShowStatement | DescribeStatement): Schema {
  if (statement.kind === 'describe') return SHOW_SCHEMAS.columns;
  if (statement.what === 'setting') return new Schema([text(statement.setting ?? '')]);
  return SHOW_SCHEMAS[statement.what];
}

export async function show(context: StatementContext, statement: ShowStatement): Promise<Rows> {
  return { schema: showSchema(statement), rows: await showRows(context, statement) };
}

/** The rows of a DESCRIBE or SHOW as a table. Any other statement: INVALID_ARGUMENT. */
export async function shownRows(context: StatementContext, sql: string): Promise<RowsTable> {
  const statement = parseStatement(sql);
  if (statement.kind === 'describe') return rowsOf(sql, await describe(context, statement));
  if (statement.kind !== 'show')
    throw new SkuaError('INVALID_ARGUMENT', `${statementName(statement)} can't stand in FROM`);
  const shown = await show(context, statement);
  if (statement.what !== 'tables') return rowsOf(sql, shown);
  // DuckDB calls the only column that it shows `name`.
  const schema = new Schema([...shown.schema.fields, text('name')]);
  return rowsOf(sql, { schema, rows: shown.rows.map((row) => [...row, row[1]]) });
}

function rowsOf(sql: string, { schema, rows }: Rows): RowsTable {
  return rowsTable(sql, schema, rows);
}

async function showRows(context: StatementContext, statement: ShowStatement): Promise<unknown[][]> {
  const names = namesOf(context);
  const matches = likeMatcher(statement.like);
  switch (statement.what) {
    case 'catalogs':
    case 'databases':
      return (await listCatalogs(context)).filter(matches).map((name) => [name]);
    case 'schemas': {
      const catalog = statement.within ? catalogNamed(names.catalogs, statement.within) : currentCatalog(names);
      const schemas = await listSchemas(context, wantedByPatterns({ catalog }));
      return schemas.filter(({ schema }) => matches(schema)).map(({ schema }) => [schema]);
    }
    case 'tables':
    case 'views': {
      if (isSystemSchema(context, names, statement.within ?? [])) {
        const tables = statement.what === 'tables' ? Object.keys(SYSTEM_TABLES) : [];
        return tables.filter(matches).map((name) => ['runtime', name, 'TABLE']);
      }
      const within = withinSchema(names, statement.within);
      const schema = within.schema === undefined ? undefined : escapeLike(within.schema);
      const wanted = wantedByPatterns({ catalog: within.catalog, schema });
      const entries = await listTables(context, wanted, statement.what === 'views' ? ['VIEW'] : ['TABLE', 'VIEW']);
      const found = entries.filter(({ table }) => matches(table));
      return found.map((entry) =>
        statement.what === 'views' ? [entry.schema, entry.table] : [entry.schema, entry.table, entry.type],
      );
    }
    case 'all-tables': {
      const entries = await withColumns(context, await listTables(context, wantedByPatterns({})));
      return entries.map(({ catalog, schema, table, arrowSchema }) => {
        const fields = arrowSchema?.fields ?? [];
        const types = fields.map(typeNameOf);
        return [catalog, schema, table, fields.map(({ name }) => name), types, false];
      });
    }
    case 'columns':
      return columnRows(context, statement.within ?? []);
    case 'settings':
      return settingsOf(context).map(({ name, value, description }) => [name, value ?? null, description]);
    case 'setting':
      return [[settingOf(context, statement.setting ?? '').value ?? null]];
    case 'create-table':
      return [[await createStatement(context, statement.within ?? [])]];
    case 'tblproperties':
      return tableProperties(context, statement.within ?? [], statement.key);
    case 'current-schema':
      return [[chosenCatalog(names) ?? null, names.session.schema ? schemaName(names.session.schema) : null]];
  }
}

export async function describe(context: StatementContext, statement: DescribeStatement): Promise<Rows> {
  const schema = SHOW_SCHEMAS.columns;
  const { target } = statement;
  if ('table' in target && !isOwn(context, target.table))
    return { schema, rows: await columnRows(context, target.table) };
  const sql = 'table' in target ? `SELECT * FROM ${target.table.map(quoteName).join('.')}` : target.sql;
  const described = await describeQuery(context, sql);
  const { fields } = arrowToSchema(described.schema, { formatVersion: 3 });
  return { schema, rows: fields.map((field) => [field.name, typeToSql(field.type), true, null]) };
}

/** Whether a path means what is Skua's own, and in no catalog. */
function isOwn(context: StatementContext, path: readonly string[]): boolean {
  const own = temporaryTable(context, path) ?? temporaryView(context, path);
  return (own ?? systemTable(context, namesOf(context), path)) !== undefined;
}

async function columnRows(context: StatementContext, path: string[]): Promise<unknown[][]> {
  const names = namesOf(context);
  const name = resolveTable(names, path);
  const schema = await arrowSchemaOf(context, name);
  return schema.fields.map((field) => [
    field.name,
    typeNameOf(field),
    field.nullable,
    field.metadata.get('ARROW:FLIGHT:SQL:REMARKS') ?? null,
  ]);
}

function typeNameOf(field: Field): string {
  return field.metadata.get('ARROW:FLIGHT:SQL:TYPE_NAME') ?? String(field.type);
}

function catalogNamed(catalogs: readonly string[], path: readonly string[]): string {
  const found = path.length === 1 ? catalogs.find((name) => name.toLowerCase() === path[0]?.toLowerCase()) : undefined;
  if (!found) throw new SkuaError('NOT_FOUND', `Catalog does not exist: ${path.join('.')}`);
  return found;
}

/** `SHOW TABLES` lists the current schema, or the whole catalog where none is chosen. */
function withinSchema(
  names: Parameters<typeof resolveSchema>[0],
  within: string[] | undefined,
): { catalog: string; schema: string | undefined } {
  if (!within) {
    const schema = names.session.schema;
    return { catalog: currentCatalog(names), schema: schema && schemaName(schema) };
  }
  const catalog = within.length === 1 ? findCatalog(names, within[0] as string) : undefined;
  if (catalog !== undefined) return { catalog, schema: undefined };
  const resolved = resolveSchema(names, within);
  return { catalog: resolved.catalog, schema: schemaName(resolved.namespace.flatMap(namespaceOf)) };
}
