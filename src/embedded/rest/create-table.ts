import { newTableMetadata } from '../metadata/create.js';
import { optionalBoolean, optionalString, stringField } from '../request/fields.js';
import { trimmed } from '../warehouse/contract.js';
import { type Handler, namespaceOf, ok } from './context.js';
import { delegationRequested, entityTag, loadedFor, loadResult } from './delegation.js';
import { checkLocations, locationsUsed, namespaceLocation } from './locations.js';
import { checkTableName } from './names.js';
import { existingNamespace } from './namespaces.js';
import { checkNameFree } from './tables.js';

/** Creates a table, or with `stage-create` says what it would be like, for a later commit to bring about. */
export const createTable: Handler = async (context, call) => {
  const { store, warehouse, files } = context;
  const request = await call.body();
  const identifier = { namespace: namespaceOf(call), name: stringField(request, 'name') };
  const staged = optionalBoolean(request, 'stage-create') ?? false;
  const delegated = delegationRequested(context, call);

  const table = await store.change(async (state) => {
    existingNamespace(state, identifier.namespace);
    const operation = staged ? 'CREATE_TABLE_STAGED' : 'CREATE_TABLE_DIRECT';
    call.caller.require(delegated ? `${operation}_WITH_WRITE_DELEGATION` : operation);
    checkTableName(identifier.name, 'table');
    checkNameFree(state, identifier, 'table');
    const location = trimmed(
      optionalString(request, 'location') ??
        `${namespaceLocation(state, warehouse, identifier.namespace)}/${identifier.name}`,
    );
    const metadata = newTableMetadata(request, location);
    checkLocations(state, warehouse, identifier, locationsUsed(location, metadata.properties));
    if (staged) return { metadata };
    const metadataLocation = await files.writeTable(metadata);
    state.putTableLike({ ...identifier, kind: 'table', location, metadataLocation });
    return { metadata, metadataLocation };
  });
  // A warehouse that can't vend refuses only here, when the table already exists; so does Polaris.
  const loaded = loadedFor(context, call, identifier, table);
  const result = await loadResult(context, loaded, delegated && { mode: delegated, access: 'read-write' });
  return ok(result, table.metadataLocation === undefined ? undefined : { ETag: entityTag(loaded) });
};
