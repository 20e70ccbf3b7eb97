/** Finds what a name stands for, with the caller's token: a table pinned to a snapshot, or a view. */
import type { CatalogSession, LoadedTable, LoadedView } from '../../catalog/contract.js';
import { SkuaError } from '../../errors.js';
import type { TableColumn } from '../../expressions/index.js';
import { type MaskedField, maskedFields, requireReadable } from '../../governance/index.js';
import { hiddenColumns, type MetadataCache, parseTableMetadata, schemaOf, tableColumns } from '../../iceberg/index.js';
import type { Schema, TableMetadata } from '../../iceberg/types.js';
import { storeIdentity } from '../../storage/index.js';
import type { SnapshotPin } from '../contract.js';
import type { StatementContext } from '../environment.js';
import { displayName, type TableName } from './names.js';
import type { PinnedTable } from './pinned-table.js';
import { parseView, type View } from './views.js';

export type { PinnedTable } from './pinned-table.js';

/** The columns that a statement sees: the schema's, and the hidden ones that it names. */
export function columnsOfTable(table: PinnedTable): TableColumn[] {
  return [...tableColumns(table.schema), ...hiddenColumns(table.metadata, table.hidden ?? [])];
}

/** Where the names of a statement are looked up. */
export function namesOf(context: StatementContext) {
  return { catalogs: [...context.environment.catalogs.keys()], session: context.call.session };
}

/** The catalog of that name, as the caller sees it. */
export function catalogOf(context: StatementContext, name: string): CatalogSession {
  const catalog = context.environment.catalogs.get(name);
  if (!catalog) throw new SkuaError('NOT_FOUND', `Catalog does not exist: ${name}`);
  return catalog.as(context.call.principal.token);
}

/** The dialects that views of the catalog are tried in, besides those that are understood. */
export function viewDialects(
  { environment }: StatementContext,
  { catalog }: Pick<TableName, 'catalog'>,
): readonly string[] {
  return environment.viewDialects.get(catalog) ?? [];
}

/** Which store a location is in, for caches: bytes that one table's access opened never serve a table whose access does not. */
export function storeOf(table: PinnedTable, location: string): string {
  return storeIdentity(table.loaded.storage, location, table.metadata.location);
}

/** The cache of manifests, by store and location. */
export function metadataCacheOf({ environment }: StatementContext, table: PinnedTable): MetadataCache {
  const keyOf = (location: string) => `${storeOf(table, location)}\n${location}`;
  return {
    bytes: (location, read) => environment.metadataCache.bytes(keyOf(location), read),
    forget: (location) => environment.metadataCache.forget(keyOf(location)),
  };
}

/**
 * Loads a table for a statement that reads or changes it. NOT_FOUND where there is none of that name; PERMISSION_DENIED where its catalog
 * lets the caller read it only under terms that can't be met.
 */
export async function loadTable(context: StatementContext, name: TableName): Promise<PinnedTable> {
  const created = context.transaction?.created(name);
  if (created) return created;
  const loadedAt = performance.now();
  const table = pinned(context, name, await load(context, name), loadedAt);
  return context.transaction?.stateOf(table) ?? table;
}

/** The state of a table that a catalog's answer holds, under the same terms. */
export function pinned(context: StatementContext, name: TableName, loaded: LoadedTable, loadedAt: number): PinnedTable {
  const restrictions = requireReadable(displayName(name), loaded);
  const metadata = parseMetadata(name, loaded.metadata);
  return {
    name,
    loaded,
    metadata,
    snapshotId: metadata.currentSnapshotId,
    schema: schemaOf(metadata),
    storage: context.environment.openStorage(loaded.storage),
    ...(restrictions && { restrictions }),
    loadedAt,
  };
}

/** What a table consists of, for statements that read none of its rows. */
export interface TableDescription {
  name: TableName;
  schema: Schema;
  /** Fields that the caller sees masked. */
  masked: MaskedField[];
}

/** The table's columns, also those of a table whose rows the caller may not see. NOT_FOUND where there is none of that name. */
export async function describeTable(context: StatementContext, name: TableName): Promise<TableDescription> {
  const known = context.transaction?.known(name);
  const created = context.transaction?.created(name);
  const loaded = created?.loaded ?? (await load(context, name));
  const metadata = known ?? parseMetadata(name, loaded.metadata);
  const schema = schemaOf(metadata);
  return { name, schema, masked: maskedFields(loaded.restrictions, schema, metadata.formatVersion) };
}

function load(context: StatementContext, { catalog, namespace, name }: TableName): Promise<LoadedTable> {
  return catalogOf(context, catalog).loadTable({ namespace, name });
}

/** What is wrong with metadata is said of the table that has it. */
function parseMetadata(name: TableName, json: unknown): TableMetadata {
  try {
    return parseTableMetadata(json);
  } catch (error) {
    if (!(error instanceof SkuaError)) throw error;
    throw new SkuaError(error.code, `Table ${displayName(name)}: ${error.message}`, { cause: error });
  }
}

/** Loads a table or, where there is none of that name, a view. */
export function loadTableOrView(context: StatementContext, name: TableName): Promise<PinnedTable | View> {
  return orView(context, name, loadTable);
}

/** The columns of a table or, where there is none of that name, a view. */
export function describeTableOrView(context: StatementContext, name: TableName): Promise<TableDescription | View> {
  return orView(context, name, describeTable);
}

async function orView<T>(
  context: StatementContext,
  name: TableName,
  table: (context: StatementContext, name: TableName) => Promise<T>,
): Promise<T | View> {
  try {
    return await table(context, name);
  } catch (error) {
    if (!(error instanceof SkuaError) || error.code !== 'NOT_FOUND') throw error;
    const view = await loadView(context, name);
    if (!view) throw error;
    return parseView(name, view.metadata, viewDialects(context, name));
  }
}

/** Undefined where there is no view of that name, or no views at all. */
async function loadView(context: StatementContext, name: TableName): Promise<LoadedView | undefined> {
  try {
    return await catalogOf(context, name.catalog).loadView({ namespace: name.namespace, name: name.name });
  } catch (error) {
    if (error instanceof SkuaError && (error.code === 'NOT_FOUND' || error.code === 'UNIMPLEMENTED')) return undefined;
    throw error;
  }
}

/** The table at the snapshot and with the schema that were fixed earlier. Another table by that name since: FAILED_PRECONDITION. */
export function atPin(table: PinnedTable, pin: SnapshotPin): PinnedTable {
  if (pin.tableUuid !== table.metadata.tableUuid) {
    const name = displayName(table.name);
    throw new SkuaError('FAILED_PRECONDITION', `Table ${name} was replaced after the query was planned; plan it again`);
  }
  const schema = table.metadata.schemas.find(({ schemaId }) => schemaId === pin.schemaId);
  return { ...table, snapshotId: pin.snapshotId, schema: schema ?? table.schema };
}

export function pinOf(table: PinnedTable): SnapshotPin {
  return {
    catalog: table.name.catalog,
    namespace: table.name.namespace,
    table: table.name.name,
    tableUuid: table.metadata.tableUuid,
    snapshotId: table.snapshotId,
    schemaId: table.schema.schemaId,
    ...(table.at !== undefined && { at: table.at }),
  };
}
