/** Branches and tags: what they point to, and the updates that move, make and remove them (Iceberg spec, "Snapshot References"). */
import { SkuaError } from '../errors.js';
import type { DefinitionCommit, DefinitionRequirement, DefinitionUpdate } from './evolution/commit.js';
import type { Snapshot, SnapshotReference, TableMetadata } from './types.js';

export const MAIN_BRANCH = 'main';

/** A snapshot and those that it was made of, newest first, as far as the table still has them; none where it has not the first one. */
export function ancestorsOf(metadata: TableMetadata, snapshotId: bigint | undefined): Snapshot[] {
  const byId = new Map(metadata.snapshots.map((snapshot) => [snapshot.snapshotId, snapshot]));
  const ancestors: Snapshot[] = [];
  for (let next = snapshotId; next !== undefined; ) {
    const snapshot = byId.get(next);
    if (!snapshot) break;
    // A table whose snapshots are their own ancestors would go on for ever.
    byId.delete(next);
    ancestors.push(snapshot);
    next = snapshot.parentSnapshotId;
  }
  return ancestors;
}

export function isAncestor(metadata: TableMetadata, ancestor: bigint, of: bigint | undefined): boolean {
  return ancestorsOf(metadata, of).some(({ snapshotId }) => snapshotId === ancestor);
}

/** A branch or tag; undefined where the table has none of that name. */
export function referenceNamed(metadata: TableMetadata, name: string): SnapshotReference | undefined {
  return Object.hasOwn(metadata.refs, name) ? metadata.refs[name] : undefined;
}

/** INVALID_ARGUMENT for a tag, which can't be written to. */
export function requireBranch(metadata: TableMetadata, name: string): SnapshotReference | undefined {
  const reference = referenceNamed(metadata, name);
  if (reference?.type !== 'tag') return reference;
  throw new SkuaError('INVALID_ARGUMENT', `"${name}" is a tag, not a branch`);
}

/** Makes a reference, or points it elsewhere; nothing where it is so already. */
export function referenceCommit(metadata: TableMetadata, name: string, wanted: SnapshotReference): DefinitionCommit {
  const before = referenceNamed(metadata, name);
  const isSame =
    before?.snapshotId === wanted.snapshotId &&
    before.type === wanted.type &&
    before.minSnapshotsToKeep === wanted.minSnapshotsToKeep &&
    before.maxSnapshotAgeMs === wanted.maxSnapshotAgeMs &&
    before.maxRefAgeMs === wanted.maxRefAgeMs;
  if (isSame) return { requirements: [], updates: [] };
  return { requirements: [asItIs(metadata, name)], updates: [setReference(name, wanted)] };
}

export function removalCommit(metadata: TableMetadata, name: string): DefinitionCommit {
  return { requirements: [asItIs(metadata, name)], updates: [{ action: 'remove-snapshot-ref', 'ref-name': name }] };
}

/** The update that gives a reference its snapshot and its retention. */
export function setReference<R extends SnapshotReference>(
  name: string,
  { snapshotId, type, minSnapshotsToKeep, maxSnapshotAgeMs, maxRefAgeMs }: R,
): Extract<DefinitionUpdate, { action: 'set-snapshot-ref' }> & { type: R['type'] } {
  return {
    action: 'set-snapshot-ref',
    'ref-name': name,
    type,
    'snapshot-id': snapshotId,
    ...(minSnapshotsToKeep !== undefined && { 'min-snapshots-to-keep': minSnapshotsToKeep }),
    ...(maxSnapshotAgeMs !== undefined && { 'max-snapshot-age-ms': maxSnapshotAgeMs }),
    ...(maxRefAgeMs !== undefined && { 'max-ref-age-ms': maxRefAgeMs }),
  };
}

/** That the reference still is where this metadata has it. */
export function asItIs(metadata: TableMetadata, name: string): DefinitionRequirement {
  return {
    type: 'assert-ref-snapshot-id',
    ref: name,
    'snapshot-id': referenceNamed(metadata, name)?.snapshotId ?? null,
  };
}
