import { tableDocument } from '../metadata/document.js';
import { draftFrom, draftOfNewTable, finish } from '../metadata/draft.js';
import type { KeptMetadata } from '../metadata/model.js';
import { checkCreation, checkRequirements, isCreate } from '../metadata/requirements.js';
import { applyUpdates } from '../metadata/updates.js';
import { badRequest, illegalArgument } from '../request/error.js';
import { asArray, asObject, type JsonObject } from '../request/fields.js';
import { type CatalogContext, type Handler, noContent, ok, tableOf } from './context.js';
import { checkFiles, checkLocations, locationsUsed } from './locations.js';
import { existingNamespace } from './namespaces.js';
import { operationsOfUpdates } from './operations.js';
import type { CatalogState, TableIdentifier } from './store.js';
import { checkNameFree, existingTable, identifierField } from './tables.js';

interface Commit {
  requirements: JsonObject[];
  updates: JsonObject[];
}

/** A table after a commit that only waits to be saved. */
interface Committed {
  metadata: KeptMetadata;
  metadataLocation: string;
  /** Files that fell off the metadata log of a table that asks for their removal. */
  obsolete: string[];
}

function readCommit(request: JsonObject): Commit {
  const objects = (name: string) => asArray(request[name] ?? [], name).map((entry) => asObject(entry, name));
  return { requirements: objects('requirements'), updates: objects('updates') };
}

/** Commits to one table, or creates the one that was staged. */
export const commitTable: Handler = async (context, call) => {
  const identifier = tableOf(call);
  const commit = readCommit(await call.body());
  const creates = isCreate(commit.requirements);
  const committed = await context.store.change(async (state) => {
    if (creates) {
      existingNamespace(state, identifier.namespace);
      call.caller.require('UPDATE_TABLE_FOR_STAGED_CREATE');
      checkCreation(commit.requirements);
      checkNameFree(state, identifier, 'table');
      return create(context, state, identifier, commit);
    }
    existingTable(state, identifier);
    call.caller.require(...operationsOfUpdates(commit.updates.map(({ action }) => String(action))));
    return change(context, state, identifier, [commit]);
  });
  await removeObsolete(context, [committed]);
  return ok({ 'metadata-location': committed.metadataLocation, metadata: tableDocument(committed.metadata) });
};

/** Commits to several tables, all or none. */
export const commitTransaction: Handler = async (context, call) => {
  const request = await call.body();
  const changes = asArray(request['table-changes'], 'table-changes');
  if (changes.length === 0) throw illegalArgument('Invalid table changes: empty');
  const commits = new Map<string, { identifier: TableIdentifier; commits: Commit[] }>();
  for (const entry of changes) {
    const tableChange = asObject(entry, 'table change');
    const identifier = identifierField(tableChange, 'identifier');
    const key = JSON.stringify(identifier);
    const known = commits.get(key) ?? { identifier, commits: [] };
    known.commits.push(readCommit(tableChange));
    commits.set(key, known);
  }
  const written: Committed[] = [];
  try {
    await context.store.change(async (state) => {
      for (const { identifier } of commits.values()) existingTable(state, identifier);
      call.caller.require('COMMIT_TRANSACTION');
      for (const { identifier, commits: ofTable } of commits.values()) {
        if (ofTable.some((commit) => isCreate(commit.requirements))) {
          throw badRequest('Unsupported operation: commitTransaction with a staged create');
        }
        written.push(await change(context, state, identifier, ofTable));
      }
    });
  } catch (error) {
    const before = context.store.state;
    const isOld = (location: string) =>
      [...before.tables.values()].some((entry) => entry.metadataLocation === location);
    for (const { metadataLocation } of written) {
      if (!isOld(metadataLocation)) await context.files.remove(metadataLocation);
    }
    throw error;
  }
  await removeObsolete(context, written);
  return noContent;
};

async function create(
  context: CatalogContext,
  state: CatalogState,
  identifier: TableIdentifier,
  commit: Commit,
): Promise<Committed> {
  const draft = draftOfNewTable();
  applyUpdates(draft, commit.updates);
  const metadata = finish(draft);
  checkLocations(state, context.warehouse, identifier, locationsUsed(metadata.location, metadata.properties));
  checkFiles(identifier, metadata, metadata);
  const metadataLocation = await context.files.writeTable(metadata);
  state.putTableLike({ ...identifier, kind: 'table', location: metadata.location, metadataLocation });
  return { metadata, metadataLocation, obsolete: [] };
}

/** Applies commits in turn, each against what the one before it left, and writes one metadata file. */
async function change(
  context: CatalogContext,
  state: CatalogState,
  identifier: TableIdentifier,
  commits: readonly Commit[],
): Promise<Committed> {
  const entry = existingTable(state, identifier);
  const base = await context.files.table(entry.metadataLocation);
  const draft = draftFrom(base);
  for (const { requirements, updates } of commits) {
    checkRequirements(requirements, draft.metadata);
    applyUpdates(draft, updates);
  }
  if (!draft.changed) return { metadata: base, metadataLocation: entry.metadataLocation, obsolete: [] };
  const metadata = finish(draft, { metadata: base, location: entry.metadataLocation });
  checkFiles(identifier, metadata, base);
  const locations = locationsUsed(metadata.location, metadata.properties);
  if (String(locations) !== String(locationsUsed(base.location, base.properties))) {
    checkLocations(state, context.warehouse, identifier, locations);
  }
  const metadataLocation = await context.files.writeTable(metadata, entry.metadataLocation);
  state.putTableLike({ ...entry, location: metadata.location, metadataLocation });
  const kept = new Set(metadata.metadataLog.map((log) => log.metadataFile));
  const obsolete =
    metadata.properties['write.metadata.delete-after-commit.enabled'] === 'true'
      ? base.metadataLog.map((log) => log.metadataFile).filter((file) => !kept.has(file))
      : [];
  return { metadata, metadataLocation, obsolete };
}

async function removeObsolete({ files }: CatalogContext, committed: readonly Committed[]): Promise<void> {
  for (const { obsolete } of committed) for (const file of obsolete) await files.remove(file);
}
