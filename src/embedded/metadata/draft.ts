import { randomUUID } from 'node:crypto';
import { illegalArgument, invalid } from '../request/error.js';
import type { KeptMetadata, SchemaJson } from './model.js';
import { checkSortOrder, checkSpec, LAST_UNPARTITIONED_ID } from './partitioning.js';

export const NEWEST_FORMAT_VERSION = 3;
const DEFAULT_PREVIOUS_VERSIONS = 100;

/** Table metadata while a commit changes it. */
export interface Draft {
  metadata: KeptMetadata;
  /** What the updates of this commit added last: the meaning of the id -1. */
  lastAddedSchemaId?: number | undefined;
  lastAddedSpecId?: number | undefined;
  lastAddedSortOrderId?: number | undefined;
  addedSchemaIds: Set<number>;
  addedSpecIds: Set<number>;
  addedSortOrderIds: Set<number>;
  addedSnapshotIds: Set<bigint>;
  /** Snapshots of this commit that were made current, the last of which stays so. */
  madeCurrent: Set<bigint>;
  snapshotsRemoved: boolean;
  /** Milliseconds; when this commit happens. */
  now: number;
  changed: boolean;
}

/** A draft of the next state of a table. */
export function draftFrom(metadata: KeptMetadata): Draft {
  return draft({
    ...metadata,
    schemas: [...metadata.schemas],
    partitionSpecs: [...metadata.partitionSpecs],
    sortOrders: [...metadata.sortOrders],
    properties: { ...metadata.properties },
    snapshots: [...metadata.snapshots],
    snapshotLog: [...metadata.snapshotLog],
    refs: { ...metadata.refs },
    statistics: [...metadata.statistics],
    partitionStatistics: [...metadata.partitionStatistics],
    encryptionKeys: [...metadata.encryptionKeys],
  });
}

/** A draft of a table that a staged create brings about. */
export function draftOfNewTable(): Draft {
  return draft({
    formatVersion: 2,
    tableUuid: randomUUID(),
    location: '',
    lastSequenceNumber: 0,
    lastUpdatedMs: 0,
    lastColumnId: 0,
    schemas: [],
    currentSchemaId: -1,
    partitionSpecs: [],
    defaultSpecId: -1,
    lastPartitionId: LAST_UNPARTITIONED_ID,
    sortOrders: [],
    defaultSortOrderId: -1,
    properties: {},
    snapshots: [],
    snapshotLog: [],
    metadataLog: [],
    refs: {},
    nextRowId: 0n,
    statistics: [],
    partitionStatistics: [],
    encryptionKeys: [],
  });
}

function draft(metadata: KeptMetadata): Draft {
  return {
    metadata,
    addedSchemaIds: new Set(),
    addedSpecIds: new Set(),
    addedSortOrderIds: new Set(),
    addedSnapshotIds: new Set(),
    madeCurrent: new Set(),
    snapshotsRemoved: false,
    now: Date.now(),
    changed: false,
  };
}

export function currentSchema(metadata: KeptMetadata): SchemaJson {
  const schema = metadata.schemas.find((one) => one['schema-id'] === metadata.currentSchemaId);
  if (schema === undefined) throw illegalArgument(`Cannot find current schema with id ${metadata.currentSchemaId}`);
  return schema;
}

/**
 * The finished metadata: checks that spec and sort order fit the schema, and writes the logs.
 *
 * @param previous the metadata that the draft began from and the file that holds it; without it the table is new
 */
export function finish(draft: Draft, previous?: { metadata: KeptMetadata; location: string }): KeptMetadata {
  const { metadata } = draft;
  const schema = currentSchema(metadata);
  const spec = metadata.partitionSpecs.find((one) => one.specId === metadata.defaultSpecId);
  if (spec === undefined) throw illegalArgument(`Cannot find default partition spec with id ${metadata.defaultSpecId}`);
  checkSpec(spec, schema);
  const order = metadata.sortOrders.find((one) => one.orderId === metadata.defaultSortOrderId);
  if (order === undefined)
    throw illegalArgument(`Cannot find default sort order with id ${metadata.defaultSortOrderId}`);
  checkSortOrder(order, schema);
  if (metadata.location === '') throw illegalArgument('Cannot create a table without a location');

  metadata.snapshotLog = finishedSnapshotLog(draft);
  if (previous !== undefined) {
    const kept = Math.max(
      1,
      Number(metadata.properties['write.metadata.previous-versions-max'] ?? DEFAULT_PREVIOUS_VERSIONS),
    );
    metadata.metadataLog = [
      ...metadata.metadataLog,
      { timestampMs: previous.metadata.lastUpdatedMs, metadataFile: previous.location },
    ].slice(-kept);
  }
  metadata.lastUpdatedMs = draft.now;
  return metadata;
}

/** Without the snapshots that were current only within this commit, and without what came before a removed one. */
function finishedSnapshotLog(draft: Draft): KeptMetadata['snapshotLog'] {
  const { metadata } = draft;
  const current = metadata.currentSnapshotId;
  const passing = new Set([...draft.madeCurrent].filter((id) => id !== current));
  if (passing.size === 0 && !draft.snapshotsRemoved) return metadata.snapshotLog;
  const known = new Set(metadata.snapshots.map((snapshot) => snapshot.snapshotId));
  let log: KeptMetadata['snapshotLog'] = [];
  for (const entry of metadata.snapshotLog) {
    if (known.has(entry.snapshotId)) {
      if (!passing.has(entry.snapshotId)) log.push(entry);
    } else if (draft.snapshotsRemoved) {
      // A gap would make an older snapshot look current for the time of the removed one.
      log = [];
    }
  }
  if (current !== undefined && log.at(-1)?.snapshotId !== current) {
    throw invalid('Cannot set invalid snapshot log: latest entry is not the current snapshot');
  }
  return log;
}
