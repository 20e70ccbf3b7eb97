/** Which snapshot, schema and partition spec a reader means (Iceberg spec, "Snapshot References", "Point in Time Reads"). */
import { SkuaError } from '../errors.js';
import type { PartitionSpec, Schema, Snapshot, TableMetadata } from './types.js';

/** `ref` is a branch, a tag or a snapshot id as text; `timestampMs` is Unix time in milliseconds. */
export type SnapshotSelector = { snapshotId: bigint } | { ref: string } | { timestampMs: number };

/** The snapshot that a selector means; NOT_FOUND with the reason where there is none. */
export function resolveSnapshot(metadata: TableMetadata, selector: SnapshotSelector): Snapshot {
  if ('snapshotId' in selector) return snapshotById(metadata, selector.snapshotId);
  if ('ref' in selector) return snapshotByReference(metadata, selector.ref);
  return snapshotByTime(metadata, selector.timestampMs);
}

/** The current snapshot of the main branch; undefined for a table without snapshots. */
export function currentSnapshot(metadata: TableMetadata): Snapshot | undefined {
  const id = metadata.currentSnapshotId;
  return id === undefined ? undefined : snapshotById(metadata, id);
}

export function snapshotById(metadata: TableMetadata, id: bigint): Snapshot {
  const snapshot = metadata.snapshots.find((candidate) => candidate.snapshotId === id);
  if (!snapshot) throw new SkuaError('NOT_FOUND', `The table has no snapshot ${id}; it may have been expired`);
  return snapshot;
}

function snapshotByReference(metadata: TableMetadata, name: string): Snapshot {
  const reference = Object.hasOwn(metadata.refs, name) ? metadata.refs[name] : undefined;
  if (reference) return snapshotById(metadata, reference.snapshotId);
  if (/^\d+$/.test(name)) return snapshotById(metadata, BigInt(name));
  const known = Object.keys(metadata.refs);
  const hint = known.length === 0 ? 'it has none' : `it has ${known.map((ref) => `"${ref}"`).join(', ')}`;
  throw new SkuaError('NOT_FOUND', `The table has no branch or tag "${name}"; ${hint}`);
}

function snapshotByTime(metadata: TableMetadata, timestampMs: number): Snapshot {
  const when = new Date(timestampMs).toISOString();
  let found: { timestampMs: number; snapshotId: bigint } | undefined;
  for (const entry of metadata.snapshotLog) {
    if (entry.timestampMs <= timestampMs && (!found || entry.timestampMs >= found.timestampMs)) found = entry;
  }
  if (found) return snapshotById(metadata, found.snapshotId);
  const earliest = metadata.snapshotLog.reduce(
    (low, entry) => Math.min(low, entry.timestampMs),
    Number.POSITIVE_INFINITY,
  );
  const hint = Number.isFinite(earliest)
    ? `its log starts at ${new Date(earliest).toISOString()}`
    : 'it has no snapshot log';
  throw new SkuaError('NOT_FOUND', `The table has no snapshot as of ${when}; ${hint}`);
}

export function currentSchema(metadata: TableMetadata): Schema {
  return schemaById(metadata, metadata.currentSchemaId);
}

function schemaById(metadata: TableMetadata, id: number): Schema {
  const schema = metadata.schemas.find((candidate) => candidate.schemaId === id);
  if (!schema) throw new SkuaError('DATA_LOSS', `The table metadata is malformed: there is no schema ${id}`);
  return schema;
}

/** The schema that was current when a snapshot was made; the table's current schema without a snapshot, or where it names none. */
export function schemaOf(metadata: TableMetadata, snapshotId?: bigint): Schema {
  if (snapshotId === undefined) return currentSchema(metadata);
  const { schemaId } = snapshotById(metadata, snapshotId);
  return schemaId === undefined ? currentSchema(metadata) : schemaById(metadata, schemaId);
}

export function partitionSpecById(metadata: TableMetadata, id: number): PartitionSpec {
  const spec = metadata.partitionSpecs.find((candidate) => candidate.specId === id);
  if (!spec) throw new SkuaError('DATA_LOSS', `The table metadata is malformed: there is no partition spec ${id}`);
  return spec;
}

export function defaultPartitionSpec(metadata: TableMetadata): PartitionSpec {
  return partitionSpecById(metadata, metadata.defaultSpecId);
}
