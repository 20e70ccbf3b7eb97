/** CREATE VIEW: a query's text and result schema, kept by the catalog (Iceberg view spec, version 1). */
import type { LoadedView, ViewCommit, ViewUpdate } from '../../catalog/index.js';
import { SkuaError } from '../../errors.js';
import { arrowToSchema, schemaToJson } from '../../iceberg/index.js';
import type { Schema } from '../../iceberg/types.js';
import { writeJson } from '../../json.js';
import { version as skuaVersion } from '../../version.js';
import type { StatementContext } from '../environment.js';
import { noteColumns } from '../lineage/written-columns.js';
import { Binder, type BoundQuery } from '../reading/bind.js';
import { describeBound } from '../reading/query.js';
import type { CreateViewStatement } from '../syntax/view.js';
import { currentCatalog, displayName, resolveTable, type TableName } from '../tables/names.js';
import { STORAGE_TABLE, storageTableJson, storageTableOf } from '../tables/storage-table.js';
import { catalogOf, namesOf } from '../tables/tables.js';
import { ignoring } from './definitions.js';

const DIALECT = 'duckdb';
const DROP_DIALECTS = 'replace.drop-dialect.allowed';
/** The id that stands for what the commit itself added last. */
const LAST_ADDED = -1;

/** A version of a view in the specification's JSON, without id and time, which tell two versions apart that are else the same. */
interface VersionContent {
  summary: Record<string, string>;
  'default-catalog'?: string;
  'default-namespace': string[];
  representations: { type: 'sql'; sql: string; dialect: string }[];
  [STORAGE_TABLE]?: ReturnType<typeof storageTableJson>;
}

/**
 * Creates or replaces a view. The query has to bind first, as it will for the view's readers: without temporary tables, and not to the view
 * itself. Names in it without a schema or catalog mean those that are current now.
 */
export async function createView(context: StatementContext, statement: CreateViewStatement): Promise<void> {
  const name = resolveTable(namesOf(context), statement.view);
  const { schema } = await boundView(context, statement, name);
  const existing = statement.orReplace ? await existingView(context, name) : undefined;
  const storage = existing && storageTableOf(name, existing.metadata);
  if (storage) {
    const sentence = `${displayName(name)} is a materialized view, whose rows would stay in ${displayName(storage)}; DROP MATERIALIZED VIEW it first`;
    throw new SkuaError('FAILED_PRECONDITION', sentence);
  }
  await putView(context, statement, { name, schema, existing });
}

interface ViewToPut {
  name: TableName;
  schema: Schema;
  /** Which is replaced. */
  existing: LoadedView | undefined;
  /** Of a materialized view. */
  storage?: TableName;
}

/** Makes the view, or a new version of it. False where IF NOT EXISTS found one. */
export async function putView(
  context: StatementContext,
  statement: CreateViewStatement,
  { name, schema, existing, storage }: ViewToPut,
): Promise<boolean> {
  const catalog = catalogOf(context, name.catalog);
  const identifier = storage && storageTableJson(storage);
  const content = { ...versionContent(context, statement, name), ...(identifier && { [STORAGE_TABLE]: identifier }) };
  const properties = { ...statement.properties };
  if (statement.comment !== undefined) properties.comment = statement.comment;
  if (identifier) properties[STORAGE_TABLE] = writeJson(identifier);
  if (existing) {
    requireDialectsKept(name, existing.metadata as ViewDocument, properties);
    await catalog.commitView(name, replacement(existing, schema, content, properties));
    return true;
  }
  const request = {
    name: name.name,
    schema: schemaToJson(schema),
    'view-version': { 'version-id': 1, 'timestamp-ms': Date.now(), 'schema-id': 0, ...content },
    properties,
  };
  const isCreated = await ignoring(statement.ifNotExists ? 'ALREADY_EXISTS' : undefined, () =>
    catalog.createView(name.namespace, request),
  );
  if (!isCreated) context.written?.take();
  return isCreated;
}

/** What the view's query is bound to now, and the columns that the view declares. */
export async function boundView(
  context: StatementContext,
  statement: CreateViewStatement,
  name: TableName,
): Promise<{ schema: Schema; bound: BoundQuery }> {
  const binder = new Binder(context);
  const bound = await binder.bind(statement.sql, { asView: true });
  if (bound.parameterCount > 0) throw new SkuaError('INVALID_ARGUMENT', 'The query of a view takes no parameters');
  if (binder.refersTo(name)) {
    throw new SkuaError('INVALID_ARGUMENT', `View ${displayName(name)} can't be made of itself`);
  }
  const described = await describeBound(context, bound);
  const { fields } = arrowToSchema(described.schema, { formatVersion: 3 });
  const { columns } = statement;
  if (columns.length > 0 && columns.length !== fields.length) {
    throw new SkuaError('INVALID_ARGUMENT', `${columns.length} columns are named, but the query has ${fields.length}`);
  }
  const named = fields.map((field, index) => {
    const { name: given = field.name, comment } = columns[index] ?? {};
    return { ...field, name: given, required: false, ...(comment !== undefined && { doc: comment }) };
  });
  const folded = named.map((field) => field.name.toLowerCase());
  const twice = named.find((field, index) => folded.indexOf(field.name.toLowerCase()) !== index);
  if (twice) {
    throw new SkuaError(
      'INVALID_ARGUMENT',
      `The view would have two columns "${twice.name}"; give them names of their own`,
    );
  }
  noteColumns(context, { table: name, schema: named.map((field) => field.name) }, bound);
  return { schema: { schemaId: 0, fields: named, identifierFieldIds: [] }, bound };
}

function versionContent(context: StatementContext, statement: CreateViewStatement, name: TableName): VersionContent {
  const names = namesOf(context);
  const { schema, catalog = name.catalog } = { ...names.session, catalog: chosenCatalog(context) };
  return {
    summary: { 'engine-name': 'Skua', 'engine-version': skuaVersion },
    // Without a default catalog, readers take the view's own, whatever they call it.
    ...(catalog !== name.catalog && { 'default-catalog': catalog }),
    'default-namespace': schema ?? [],
    representations: [{ type: 'sql', sql: statement.sql, dialect: DIALECT }],
  };
}

/** Undefined where several are configured and none is chosen: then every name in the query has its catalog. */
function chosenCatalog(context: StatementContext): string | undefined {
  const names = namesOf(context);
  return names.session.catalog !== undefined || names.catalogs.length === 1 ? currentCatalog(names) : undefined;
}

export async function existingView(context: StatementContext, name: TableName): Promise<LoadedView | undefined> {
  try {
    return await catalogOf(context, name.catalog).loadView(name);
  } catch (error) {
    if (error instanceof SkuaError && error.code === 'NOT_FOUND') return undefined;
    throw error;
  }
}

/**
 * A new version has one text, and with it the texts in other dialects would go, which other engines read: FAILED_PRECONDITION, unless
 * the view's property `replace.drop-dialect.allowed` allows it.
 */
function requireDialectsKept(name: TableName, view: ViewDocument, properties: Record<string, string>): void {
  const { [DROP_DIALECTS]: allowed } = { ...view.properties, ...properties };
  const current = view.versions.find((one) => one['version-id'] === view['current-version-id']);
  const dialects = (current?.representations ?? []).map(({ dialect }) => String(dialect).toLowerCase());
  const lost = [...new Set(dialects)].filter((dialect) => dialect !== DIALECT);
  if (lost.length === 0 || allowed?.toLowerCase() === 'true') return;
  const texts = lost.map((dialect) => `"${dialect}"`).join(', ');
  throw new SkuaError(
    'FAILED_PRECONDITION',
    `Replacing view ${displayName(name)} would drop its text in the SQL dialect ${texts}; TBLPROPERTIES ('${DROP_DIALECTS}' = 'true') allows it`,
  );
}

interface ViewDocument {
  'view-uuid': string;
  'current-version-id': number;
  schemas: ({ 'schema-id': number } & Record<string, unknown>)[];
  versions: ({ 'version-id': number; 'timestamp-ms': number; 'schema-id': number } & VersionContent)[];
  properties?: Record<string, string>;
}

/** A new version, unless the view has one like it; its earlier versions stay. A comment that is not given again goes. */
function replacement(
  { metadata }: LoadedView,
  schema: Schema,
  content: VersionContent,
  properties: Record<string, string>,
): ViewCommit {
  const view = metadata as ViewDocument;
  const json = schemaToJson(schema);
  const knownSchema = view.schemas.find((one) => sameJson({ ...one, 'schema-id': 0 }, json))?.['schema-id'];
  const knownVersion = view.versions.find((one) => {
    const { 'version-id': _, 'timestamp-ms': __, ...rest } = one;
    return sameJson(rest, { ...content, 'schema-id': knownSchema });
  })?.['version-id'];
  const nextVersion = Math.max(...view.versions.map((one) => one['version-id'])) + 1;
  const added = {
    'version-id': nextVersion,
    'timestamp-ms': Date.now(),
    'schema-id': knownSchema ?? LAST_ADDED,
    ...content,
  };
  const nextSchema = Math.max(...view.schemas.map((one) => one['schema-id'])) + 1;
  const updates: ViewUpdate[] = [];
  if (knownSchema === undefined) updates.push({ action: 'add-schema', schema: { ...json, 'schema-id': nextSchema } });
  if (knownVersion === undefined) updates.push({ action: 'add-view-version', 'view-version': added });
  updates.push({ action: 'set-current-view-version', 'view-version-id': knownVersion ?? LAST_ADDED });
  if (Object.keys(properties).length > 0) updates.push({ action: 'set-properties', updates: properties });
  if (view.properties?.comment !== undefined && properties.comment === undefined) {
    updates.push({ action: 'remove-properties', removals: ['comment'] });
  }
  return { requirements: [{ type: 'assert-view-uuid', uuid: view['view-uuid'] }], updates };
}

function sameJson(one: unknown, other: unknown): boolean {
  return canonical(one) === canonical(other);
}

/** With the members of objects in order. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return writeJson(value);
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  const sorted = members.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${sorted.map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`).join(',')}}`;
}
