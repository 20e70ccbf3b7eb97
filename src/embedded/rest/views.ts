import {
  checkViewRequirements,
  newViewMetadata,
  updateView as updatedView,
  type ViewMetadata,
} from '../metadata/view.js';
import { noSuchView } from '../request/error.js';
import { asArray, asObject, optionalString, stringField } from '../request/fields.js';
import { trimmed } from '../warehouse/contract.js';
import { type Answer, type Handler, namespaceOf, noContent, ok, tableOf } from './context.js';
import { checkLocations, namespaceLocation } from './locations.js';
import { checkTableName } from './names.js';
import { existingNamespace } from './namespaces.js';
import { type CatalogState, dotted, type TableIdentifier, type TableLike } from './store.js';
import { checkNameFree, renaming, requirePurge } from './tables.js';

function existingView(state: CatalogState, identifier: TableIdentifier): TableLike {
  const entry = state.tableLike(identifier);
  if (entry?.kind !== 'view') throw noSuchView(dotted(identifier));
  return entry;
}

function loaded(metadataLocation: string, metadata: ViewMetadata): Answer {
  return ok({ 'metadata-location': metadataLocation, metadata });
}

export const listViews: Handler = async ({ store }, call) => {
  const { namespace } = existingNamespace(store.state, namespaceOf(call));
  call.caller.require('LIST_VIEWS');
  const identifiers = store.state
    .tablesIn(namespace)
    .filter((entry) => entry.kind === 'view')
    .map(({ name }) => ({ namespace, name }));
  return ok({ identifiers, 'next-page-token': null });
};

export const createView: Handler = async ({ store, warehouse, files }, call) => {
  const request = await call.body();
  const identifier = { namespace: namespaceOf(call), name: stringField(request, 'name') };
  return store.change(async (state) => {
    existingNamespace(state, identifier.namespace);
    call.caller.require('CREATE_VIEW');
    checkTableName(identifier.name, 'view');
    checkNameFree(state, identifier, 'view');
    const location = trimmed(
      optionalString(request, 'location') ??
        `${namespaceLocation(state, warehouse, identifier.namespace)}/${identifier.name}`,
    );
    const metadata = newViewMetadata(request, location, Date.now());
    checkLocations(state, warehouse, identifier, [location]);
    const metadataLocation = await files.writeView(metadata);
    state.putTableLike({ ...identifier, kind: 'view', location, metadataLocation });
    return loaded(metadataLocation, metadata);
  });
};

export const loadView: Handler = async ({ store, files }, call) => {
  const { metadataLocation } = existingView(store.state, tableOf(call));
  call.caller.require('LOAD_VIEW');
  return loaded(metadataLocation, await files.view(metadataLocation));
};

export const viewExists: Handler = async ({ store }, call) => {
  existingView(store.state, tableOf(call));
  call.caller.require('VIEW_EXISTS');
  return noContent;
};

export const replaceView: Handler = async ({ store, warehouse, files }, call) => {
  const request = await call.body();
  const objects = (name: string) => asArray(request[name] ?? [], name).map((entry) => asObject(entry, name));
  const requirements = objects('requirements');
  const updates = objects('updates');
  return store.change(async (state) => {
    const entry = existingView(state, tableOf(call));
    call.caller.require('REPLACE_VIEW');
    const base = await files.view(entry.metadataLocation);
    checkViewRequirements(requirements, base);
    const metadata = updatedView(base, updates);
    if (metadata.location !== base.location) checkLocations(state, warehouse, entry, [metadata.location]);
    const metadataLocation = await files.writeView(metadata, entry.metadataLocation);
    state.putTableLike({ ...entry, location: metadata.location, metadataLocation });
    return loaded(metadataLocation, metadata);
  });
};

/** A view's metadata is always purged. */
export const dropView: Handler = async (context, call) =>
  context.store.change(async (state) => {
    const entry = existingView(state, tableOf(call));
    call.caller.require('DROP_VIEW');
    requirePurge(context, entry.name);
    state.dropTableLike(entry);
    return noContent;
  });

export const renameView = renaming(existingView, 'RENAME_VIEW');
