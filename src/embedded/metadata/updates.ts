/** Applies the updates of a commit to table metadata (REST specification, `TableUpdate`). */
import { illegalArgument, unreadable } from '../request/error.js';
import { asObject, integerField, type JsonObject, stringField, stringMap, stringsField } from '../request/fields.js';
import { type Draft, NEWEST_FORMAT_VERSION } from './draft.js';
import * as schemas from './schema-updates.js';
import * as snapshots from './snapshot-updates.js';

type Update = (draft: Draft, update: JsonObject) => void;

const UPDATES: Record<string, Update> = {
  'assign-uuid': assignUuid,
  'upgrade-format-version': upgradeFormatVersion,
  'add-schema': schemas.addSchema,
  'set-current-schema': schemas.setCurrentSchema,
  'remove-schemas': schemas.removeSchemas,
  'add-spec': schemas.addSpec,
  'set-default-spec': schemas.setDefaultSpec,
  'remove-partition-specs': schemas.removeSpecs,
  'add-sort-order': schemas.addSortOrder,
  'set-default-sort-order': schemas.setDefaultSortOrder,
  'add-snapshot': snapshots.addSnapshot,
  'set-snapshot-ref': snapshots.setSnapshotRef,
  'remove-snapshot-ref': snapshots.removeSnapshotRef,
  'remove-snapshots': snapshots.removeSnapshots,
  'set-statistics': snapshots.setStatistics,
  'remove-statistics': snapshots.removeStatistics,
  'set-partition-statistics': snapshots.setPartitionStatistics,
  'remove-partition-statistics': snapshots.removePartitionStatistics,
  'add-encryption-key': snapshots.addEncryptionKey,
  'remove-encryption-key': snapshots.removeEncryptionKey,
  'set-location': setLocation,
  'set-properties': setProperties,
  'remove-properties': removeProperties,
};

export function applyUpdates(draft: Draft, updates: readonly JsonObject[]): void {
  for (const update of updates) {
    const action = stringField(asObject(update, 'metadata update'), 'action');
    const apply = UPDATES[action];
    if (apply === undefined) throw unreadable();
    apply(draft, update);
  }
}

function assignUuid(draft: Draft, update: JsonObject): void {
  const uuid = stringField(update, 'uuid');
  if (uuid === draft.metadata.tableUuid) return;
  draft.metadata.tableUuid = uuid;
  draft.changed = true;
}

function upgradeFormatVersion(draft: Draft, update: JsonObject): void {
  const { metadata } = draft;
  const version = integerField(update, 'format-version');
  if (version > NEWEST_FORMAT_VERSION) {
    throw illegalArgument(
      `Cannot upgrade table to unsupported format version: v${version} (supported: v${NEWEST_FORMAT_VERSION})`,
    );
  }
  // A table that is just coming into being has no version to fall back from.
  if (metadata.schemas.length > 0 && version < metadata.formatVersion) {
    throw illegalArgument(`Cannot downgrade v${metadata.formatVersion} table to v${version}`);
  }
  if (version === metadata.formatVersion) return;
  metadata.formatVersion = version as 1 | 2 | 3;
  draft.changed = true;
}

function setLocation(draft: Draft, update: JsonObject): void {
  const location = stringField(update, 'location').replace(/\/+$/, '');
  if (location === draft.metadata.location) return;
  draft.metadata.location = location;
  draft.changed = true;
}

function setProperties(draft: Draft, update: JsonObject): void {
  const properties = stringMap(update.updates ?? update.updated, 'updates');
  if (Object.keys(properties).length === 0) return;
  Object.assign(draft.metadata.properties, properties);
  draft.changed = true;
}

function removeProperties(draft: Draft, update: JsonObject): void {
  const keys = stringsField(update.removals === undefined ? { removals: update.removed } : update, 'removals');
  if (keys.length === 0) return;
  for (const key of keys) delete draft.metadata.properties[key];
  draft.changed = true;
}
