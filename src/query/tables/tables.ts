/** Finds what a name stands for, with the caller's token: a table pinned to a snapshot, or a view. */
import type { CatalogSession, LoadedTable, LoadedView, LoadOptions } from '../../catalog/contract.js';
import type { PinnedTable as EngineTable } from '../../engine/contract.js';
import { SkuaError } from '../../errors.js';
import { type MaskedField, maskedFields, requireReadable } from '../../governance/index.js';
import { type MetadataCache, ofStore, parseTableMetadata, schemaOf } from '../../iceberg/index.js';
import type { Schema, TableMetadata } from '../../iceberg/types.js';
import { storeIdentity } from '../../storage/index.js';
import type { SnapshotPin } from '../contract.js';
import type { StatementContext } from '../environment.js';
import { asOfBegin } from './as-of-begin.js';
import { displayName, type TableName, tableKey } from './names.js';
import type { PinnedTable } from './pinned-table.js';
import { parseView, type View } from './views.js';

export type { PinnedTable } from './pinned-table.js';

/** The table as the engine takes it. */
export function engineTable(table: PinnedTable): EngineTable {
  const { name, metadata, snapshotId, schema, part, hidden, loaded, storage, restrictions } = table;
  const isUncommitted = table.isChanged === true || table.isStaged === true;
  const state = { metadata, snapshotId, schema, part, hidden, restrictions, isUncommitted };
  return { identifier: name, displayName: displayName(name), ...state, access: loaded.storage, storage };
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

/** The part of the cache of manifests that this table's access opens. */
export function metadataCacheOf(
  { environment }: StatementContext,
  { loaded, metadata }: Pick<PinnedTable, 'loaded' | 'metadata'>,
): MetadataCache {
  return ofStore(environment.metadataCache, (location) => storeIdentity(loaded.storage, location, metadata.location));
}

/**
 * Loads a table for a statement that reads or changes it. NOT_FOUND where there is none of that name; PERMISSION_DENIED where its catalog
 * lets the caller read it only under terms that can't be met.
 */
export async function loadTable(
  context: StatementContext,
  name: TableName,
  options: LoadOptions = {},
): Promise<PinnedTable> {
  const created = context.transaction?.created(name);
  if (created) return created;
  const loadedAt = performance.now();
  const { transaction, call, environment } = context;
  // What a transaction has seen of a table, it changes later.
  const wanted: LoadOptions = transaction ? { ...options, snapshots: 'all' } : options;
  const pin = (loaded: LoadedTable, at: number) => pinned(context, name, loaded, at);
  const table = pin(await load(context, name, wanted), loadedAt);
  if (!transaction) return table;
  if (transaction.known(name)) return transaction.stateOf(table);
  const isChangedHere = environment.turns.hasCommitted(tableKey(name), transaction.moment.monotonic);
  return transaction.stateOf(await asOfBegin(transaction, table, { isChangedHere, pin, signal: call.signal }));
}

/** The table with all of its snapshots, in the same state. Another table by that name since: ABORTED. */
export async function withAllSnapshots(
  context: StatementContext,
  table: PinnedTable,
  options: Omit<LoadOptions, 'snapshots'> = {},
): Promise<PinnedTable> {
  if (!table.loaded.lacksSnapshots) return table;
  return inStateOf(table, await loadTable(context, table.name, options));
}

/** A later answer to the load of a table, in the state of an earlier one. */
export function inStateOf(earlier: PinnedTable, later: PinnedTable): PinnedTable {
  const { metadata, snapshotId, schema, loadedAt } = earlier;
  if (metadata.tableUuid !== later.metadata.tableUuid) {
    const name = displayName(later.name);
    throw new SkuaError('ABORTED', `Table ${name} was replaced by another one of that name meanwhile; run it again`);
  }
  const known = new Set(metadata.snapshots.map((snapshot) => snapshot.snapshotId));
  const others = later.metadata.snapshots.filter((snapshot) => !known.has(snapshot.snapshotId));
  const snapshots = [...metadata.snapshots, ...others];
  return { ...later, metadata: { ...metadata, snapshots }, snapshotId, schema, loadedAt };
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
  comment: string | undefined;
}

/** The table's columns, also those of a table whose rows the caller may not see. NOT_FOUND where there is none of that name. */
export async function describeTable(context: StatementContext, name: TableName): Promise<TableDescription> {
  const known = context.transaction?.known(name);
  const created = context.transaction?.created(name);
  const loaded = created?.loaded ?? (await load(context, name, { snapshots: 'refs' }));
  const metadata = known ?? parseMetadata(name, loaded.metadata);
  const schema = schemaOf(metadata);
  const masked = maskedFields(loaded.restrictions, schema, metadata.formatVersion);
  return { name, schema, masked, comment: metadata.properties.comment };
}

function load(
  context: StatementContext,
  { catalog, namespace, name }: TableName,
  options?: LoadOptions,
): Promise<LoadedTable> {
  return catalogOf(context, catalog).loadTable({ namespace, name }, options);
}

/** By the answer of the catalog, which is the same object where its text is the same. */
const parsed = new WeakMap<object, TableMetadata>();

/** What is wrong with metadata is said of the table that has it. */
function parseMetadata(name: TableName, json: unknown): TableMetadata {
  const key = typeof json === 'object' && json !== null ? json : {};
  const known = parsed.get(key);
  if (known) return known;
  try {
    const metadata = parseTableMetadata(json);
    parsed.set(key, metadata);
    return metadata;
  } catch (error) {
    if (!(error instanceof SkuaError)) throw error;
    throw new SkuaError(error.code, `Table ${displayName(name)}: ${error.message}`, { cause: error });
  }
}

/** Loads a table or, where there is none of that name, a view. */
export function loadTableOrView(
  context: StatementContext,
  name: TableName,
  options?: LoadOptions,
): Promise<PinnedTable | View> {
  return orView(context, name, () => loadTable(context, name, options));
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
