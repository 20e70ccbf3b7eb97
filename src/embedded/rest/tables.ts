import { alreadyExists, forbidden, noSuchTable } from '../request/error.js';
import { asObject, type JsonObject, optionalBoolean, stringField, stringsField } from '../request/fields.js';
import { isWithin, trimmed } from '../warehouse/contract.js';
import { type Answer, type CatalogContext, type Handler, namespaceOf, noContent, ok, tableOf } from './context.js';
import {
  authorizeLoad,
  delegationRequested,
  entityTag,
  loadedFor,
  loadResult,
  vend,
  withSnapshots,
} from './delegation.js';
import { checkLocations, locationsUsed, namespaceLocation } from './locations.js';
import { checkTableName } from './names.js';
import { existingNamespace } from './namespaces.js';
import { type CatalogState, dotted, type TableIdentifier, type TableLike } from './store.js';

const PURGE = 'polaris.config.drop-with-purge.enabled';

/** The table, or 404; asked before anything is said about the caller's rights, as Polaris does. */
export function existingTable(state: CatalogState, identifier: TableIdentifier): TableLike {
  const entry = state.tableLike(identifier);
  if (entry?.kind !== 'table') throw noSuchTable(dotted(identifier));
  return entry;
}

/** Refuses a name that a table or view already has. */
export function checkNameFree(state: CatalogState, identifier: TableIdentifier, kind: TableLike['kind']): void {
  const existing = state.tableLike(identifier);
  if (existing === undefined) return;
  const word = existing.kind === 'table' ? 'Table' : 'View';
  throw alreadyExists(
    existing.kind === kind
      ? `${word} already exists: ${dotted(identifier)}`
      : `${word} with same name already exists: ${dotted(identifier)}`,
  );
}

export function identifierField(request: JsonObject, name: string): TableIdentifier {
  const identifier = asObject(request[name], name);
  return { namespace: stringsField(identifier, 'namespace'), name: stringField(identifier, 'name') };
}

export const listTables: Handler = async ({ store }, call) => {
  const { namespace } = existingNamespace(store.state, namespaceOf(call));
  call.caller.require('LIST_TABLES');
  const identifiers = store.state
    .tablesIn(namespace)
    .filter((entry) => entry.kind === 'table')
    .map(({ name }) => ({ namespace, name }));
  return ok({ identifiers, 'next-page-token': null });
};

export const loadTable: Handler = async (context, call) => {
  const identifier = tableOf(call);
  const entry = existingTable(context.store.state, identifier);
  const mode = delegationRequested(context, call);
  const access = authorizeLoad(call, mode !== undefined);
  const { metadataLocation } = entry;
  const loaded = loadedFor(context, call, identifier, {
    metadata: await context.files.table(metadataLocation),
    metadataLocation,
  });
  const snapshots = call.query.get('snapshots');
  const metadata = withSnapshots(loaded.metadata, snapshots);
  const tag = entityTag(loaded, snapshots ?? 'all');
  const known = (call.headers['if-none-match'] ?? '').split(',').map((one) => one.trim());
  if (known.includes(tag) || known.includes('*')) return { status: 304 };
  return ok(await loadResult(context, { ...loaded, metadata }, mode && { mode, access }), { ETag: tag });
};

export const tableExists: Handler = async ({ store }, call) => {
  existingTable(store.state, tableOf(call));
  call.caller.require('TABLE_EXISTS');
  return noContent;
};

export const loadCredentials: Handler = async (context, call) => {
  const identifier = tableOf(call);
  const entry = existingTable(context.store.state, identifier);
  const access = authorizeLoad(call, true);
  return ok({ 'storage-credentials': await vend(context, identifier, entry.location, access) });
};

/** Refuses where the catalog does not let anything be purged. */
export function requirePurge({ properties }: CatalogContext, name: string): void {
  if (properties[PURGE] === 'true') return;
  throw forbidden(
    `Unable to purge entity: ${name}. To enable this feature, set the Polaris configuration ` +
      `DROP_WITH_PURGE_ENABLED or the catalog configuration ${PURGE}`,
  );
}

export const dropTable: Handler = (context, call) =>
  context.store.change(async (state) => {
    const purge = call.query.get('purgeRequested')?.toLowerCase() === 'true';
    const entry = existingTable(state, tableOf(call));
    call.caller.require(purge ? 'DROP_TABLE_WITH_PURGE' : 'DROP_TABLE_WITHOUT_PURGE');
    if (purge) requirePurge(context, entry.name);
    state.dropTableLike(entry);
    // Within the turn, so that a new table can't come to lie where files are still being removed.
    if (purge) await context.warehouse.removeTree(entry.location);
    return noContent;
  });

/** Gives a table or view another name, also in another namespace. */
export function renaming(
  existing: (state: CatalogState, identifier: TableIdentifier) => TableLike,
  operation: 'RENAME_TABLE' | 'RENAME_VIEW',
): Handler {
  return async ({ store }, call) => {
    const request = await call.body();
    const from = identifierField(request, 'source');
    const to = identifierField(request, 'destination');
    return store.change(async (state): Promise<Answer> => {
      const entry = existing(state, from);
      existingNamespace(state, to.namespace);
      call.caller.require(operation);
      checkTableName(to.name, entry.kind);
      const other = state.tableLike(to);
      if (other !== undefined) {
        const word = other.kind === 'table' ? 'Table' : 'View';
        throw alreadyExists(`Cannot rename ${dotted(from)} to ${dotted(to)}. ${word} already exists`);
      }
      state.dropTableLike(from);
      state.putTableLike({ ...entry, ...to });
      state.extendPolicies(from, to);
      return noContent;
    });
  };
}

export const renameTable = renaming(existingTable, 'RENAME_TABLE');

export const registerTable: Handler = async (context, call) => {
  const request = await call.body();
  const identifier = { namespace: namespaceOf(call), name: stringField(request, 'name') };
  const metadataLocation = stringField(request, 'metadata-location');
  const overwrite = optionalBoolean(request, 'overwrite') ?? false;
  const metadata = await context.store.change(async (state) => {
    existingNamespace(state, identifier.namespace);
    const existing = state.tableLike(identifier);
    call.caller.require(overwrite && existing?.kind === 'table' ? 'REGISTER_TABLE_OVERWRITE' : 'REGISTER_TABLE');
    checkTableName(identifier.name, 'table');
    if (!overwrite || existing?.kind === 'view') checkNameFree(state, identifier, 'table');
    const allowed = namespaceLocation(state, context.warehouse, identifier.namespace);
    if (!isWithin(metadataLocation, allowed)) {
      throw forbidden(
        `Invalid locations '[${metadataLocation}]' for identifier '${dotted(identifier)}': ` +
          `${metadataLocation} is not in the list of allowed locations: [${allowed}]`,
      );
    }
    const found = await context.files.table(metadataLocation);
    checkLocations(state, context.warehouse, identifier, locationsUsed(found.location, found.properties));
    state.putTableLike({ ...identifier, kind: 'table', location: trimmed(found.location), metadataLocation });
    return found;
  });
  const loaded = loadedFor(context, call, identifier, { metadata, metadataLocation });
  return ok(await loadResult(context, loaded, undefined), { ETag: entityTag(loaded) });
};

export const reportMetrics: Handler = async ({ store, reports }, call) => {
  const request = await call.body();
  stringField(request, 'table-name');
  const table = tableOf(call);
  existingTable(store.state, table);
  call.caller.require(request['report-type'] === 'commit-report' ? 'REPORT_WRITE_METRICS' : 'REPORT_READ_METRICS');
  reports.add({ table: dotted(table), caller: call.caller.name, report: request });
  return noContent;
};
