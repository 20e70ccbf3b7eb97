import { alreadyExists, noSuchNamespace, RestError } from '../request/error.js';
import { optionalStringMap, stringsField } from '../request/fields.js';
import { type Answer, type Handler, namespaceOf, noContent, ok, splitNamespace } from './context.js';
import { namespaceLocation, newNamespaceLocation } from './locations.js';
import { checkEntityName } from './names.js';
import type { CatalogState, Namespace, NamespaceEntry } from './store.js';

/** The namespace, or 404; asked before anything is said about the caller's rights, as Polaris does. */
export function existingNamespace(state: CatalogState, namespace: Namespace): NamespaceEntry {
  const entry = state.namespace(namespace);
  if (entry === undefined) throw noSuchNamespace(namespace);
  return entry;
}

export const listNamespaces: Handler = async ({ store }, { caller, query }) => {
  const parent = splitNamespace(query.get('parent') ?? '');
  if (parent.length > 0) existingNamespace(store.state, parent);
  caller.require('LIST_NAMESPACES');
  return ok({
    namespaces: store.state.childrenOf(parent).map(({ namespace }) => namespace),
    'next-page-token': null,
  });
};

export const createNamespace: Handler = async ({ store, warehouse }, { caller, body }) => {
  const request = await body();
  const namespace = stringsField(request, 'namespace');
  const requested = optionalStringMap(request, 'properties');
  const parent = namespace.slice(0, -1);
  return store.change(async (state) => {
    if (parent.length > 0) existingNamespace(state, parent);
    caller.require('CREATE_NAMESPACE');
    if (namespace.length === 0) {
      throw alreadyExists('Cannot create root namespace, as it already exists implicitly.');
    }
    if (state.namespace(namespace) !== undefined) {
      throw alreadyExists(`Cannot create namespace ${namespace.join('.')}. Namespace already exists`);
    }
    for (const level of namespace) checkEntityName(level);
    const properties = {
      ...requested,
      location: newNamespaceLocation(state, warehouse, namespace, requested.location),
    };
    state.putNamespace({ namespace, properties });
    return ok({ namespace, properties });
  });
};

export const loadNamespace: Handler = async ({ store, warehouse }, call) => {
  const { namespace, properties } = existingNamespace(store.state, namespaceOf(call));
  call.caller.require('LOAD_NAMESPACE_METADATA');
  const location = `${namespaceLocation(store.state, warehouse, namespace)}/`;
  return ok({ namespace, properties: { ...properties, location } });
};

export const namespaceExists: Handler = async ({ store }, call) => {
  existingNamespace(store.state, namespaceOf(call));
  call.caller.require('NAMESPACE_EXISTS');
  return noContent;
};

export const dropNamespace: Handler = ({ store }, call) =>
  store.change(async (state) => {
    const { namespace } = existingNamespace(state, namespaceOf(call));
    call.caller.require('DROP_NAMESPACE');
    if (state.childrenOf(namespace).length > 0 || state.tablesIn(namespace).length > 0) {
      throw new RestError(409, 'NamespaceNotEmptyException', `Namespace ${namespace.join('.')} is not empty`);
    }
    state.dropNamespace(namespace);
    return noContent;
  });

export const updateNamespaceProperties: Handler = async ({ store }, call) => {
  const request = await call.body();
  const updates = optionalStringMap(request, 'updates');
  const removals = request.removals == null ? [] : stringsField(request, 'removals');
  const both = removals.filter((name) => updates[name] !== undefined);
  const answer = await store.change(async (state): Promise<Answer> => {
    const { namespace, properties } = existingNamespace(state, namespaceOf(call));
    call.caller.require('UPDATE_NAMESPACE_PROPERTIES');
    if (both.length > 0) {
      throw new RestError(
        422,
        'UnprocessableEntityException',
        `Invalid namespace update, cannot also set and remove properties: [${both.join(', ')}]`,
      );
    }
    const changed = { ...properties, ...updates };
    if (Object.keys(updates).length === 0) for (const name of removals) delete changed[name];
    state.putNamespace({ namespace, properties: changed });
    return ok({
      updated: Object.keys(updates),
      removed: removals.filter((name) => properties[name] !== undefined),
      missing: removals.filter((name) => properties[name] === undefined),
    });
  });
  // Polaris applies the updates, then finds that its own change got in the way of the removals.
  if (Object.keys(updates).length > 0 && removals.length > 0) {
    throw new RestError(
      409,
      'CommitConflictException',
      `Concurrent modification of namespace: ${namespaceOf(call).join('.')}`,
    );
  }
  return answer;
};
