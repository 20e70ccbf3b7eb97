/** Finds what a name stands for, with the caller's token: a table pinned to a snapshot, or a view. */
import type { CatalogSession, LoadedTable } from '../../catalog/contract.js';
import { SkuaError } from '../../errors.js';
import type { TableColumn } from '../../expressions/index.js';
import { hiddenColumns, type MetadataCache, parseTableMetadata, schemaOf, tableColumns } from '../../iceberg/index.js';
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

/** Which store a location is in, for caches: bytes that one table's access opened never serve a table whose access does not. */
export function storeOf(table: PinnedTable, location: string): string {
  return storeIdentity(table.loaded.storage, location, table.metadata.location);
}

/** The cache of manifests, by store and location. */
export function metadataCacheOf({ environment }: StatementContext, table: PinnedTable): MetadataCache {
  return {
    bytes: (location, read) => environment.metadataCache.bytes(`${storeOf(table, location)}\n${location}`, read),
  };
}

/** Loads a table. NOT_FOUND where there is none of that name. */
export async function loadTable(context: StatementContext, name: TableName): Promise<PinnedTable> {
  const created = context.transaction?.created(name);
  if (created) return created;
  const loadedAt = performance.now();
  const loaded = await catalogOf(context, name.catalog).loadTable({ namespace: name.namespace, name: name.name });
  const table = pinned(context, name, loaded, loadedAt);
  return context.transaction?.stateOf(table) ?? table;
}

/** The state of a table that a catalog's answer holds. */
export function pinned(context: StatementContext, name: TableName, loaded: LoadedTable, loadedAt: number): PinnedTable {
  const metadata = parseTableMetadata(loaded.metadata);
  return {
    name,
    loaded,
    metadata,
    snapshotId: metadata.currentSnapshotId,
    schema: schemaOf(metadata),
    storage: context.environment.openStorage(loaded.storage),
    loadedAt,
  };
}

/** Loads a table or, where there is none of that name, a view. */
export async function loadTableOrView(context: StatementContext, name: TableName): Promise<PinnedTable | View> {
  try {
    return await loadTable(context, name);
  } catch (error) {
    if (!(error instanceof SkuaError) || error.code !== 'NOT_FOUND') throw error;
    try {
      const view = await catalogOf(context, name.catalog).loadView({ namespace: name.namespace, name: name.name });
      return parseView(name, view.metadata);
    } catch (viewError) {
      if (viewError instanceof SkuaError && viewError.code === 'NOT_FOUND') throw error;
      throw viewError;
    }
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
