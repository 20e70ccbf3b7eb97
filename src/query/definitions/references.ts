/** Branches and tags of a table: made, moved and removed by ALTER TABLE. */
import { SkuaError } from '../../errors.js';
import {
  applySnapshot,
  applyUpdates,
  type DefinitionCommit,
  MAIN_BRANCH,
  prepareSnapshot,
  referenceCommit,
  referenceNamed,
  removalCommit,
  resolveSnapshot,
} from '../../iceberg/index.js';
import type { SnapshotReference, TableMetadata } from '../../iceberg/types.js';
import type { Proposal } from '../committing/contract.js';
import type { ReferenceAlteration, SetReference, TableAlteration } from '../syntax/alteration.js';
import type { PinnedTable } from '../tables/tables.js';

/** The commit that an alteration asks for; without updates where there is nothing to do. */
export function alterReference(metadata: TableMetadata, alteration: ReferenceAlteration): DefinitionCommit {
  const { name, type } = alteration;
  const before = referenceNamed(metadata, name);
  if (before && before.type !== type) {
    throw new SkuaError('INVALID_ARGUMENT', `"${name}" is a ${before.type}, not a ${type}`);
  }
  if (alteration.kind === 'drop-reference') {
    if (!before && alteration.ifExists) return { requirements: [], updates: [] };
    if (!before) throw notFound(metadata, type, name);
    if (name === MAIN_BRANCH) throw new SkuaError('INVALID_ARGUMENT', 'The main branch can not be dropped');
    return removalCommit(metadata, name);
  }
  const { how, ifNotExists } = alteration;
  if (!before && how === 'replace') throw notFound(metadata, type, name);
  if (before && how === 'create') {
    if (ifNotExists) return { requirements: [], updates: [] };
    throw new SkuaError('ALREADY_EXISTS', `The table has a ${type} "${name}" already`);
  }
  return referenceCommit(metadata, name, wantedReference(metadata, alteration, before));
}

/** Retention that is not named stays as it was. */
function wantedReference(
  metadata: TableMetadata,
  { type, name, version, maxRefAgeMs, minSnapshotsToKeep, maxSnapshotAgeMs }: SetReference,
  before: SnapshotReference | undefined,
): SnapshotReference {
  const snapshotId = version === undefined ? metadata.currentSnapshotId : versionOf(metadata, version);
  if (snapshotId === undefined) {
    throw new SkuaError(
      'FAILED_PRECONDITION',
      `The table has no snapshot yet that the ${type} "${name}" could point to`,
    );
  }
  if (name === MAIN_BRANCH && maxRefAgeMs !== undefined) {
    throw new SkuaError('INVALID_ARGUMENT', 'The main branch is kept for ever; RETAIN is for other branches and tags');
  }
  return {
    ...before,
    type,
    snapshotId,
    ...(maxRefAgeMs !== undefined && { maxRefAgeMs }),
    ...(minSnapshotsToKeep !== undefined && { minSnapshotsToKeep }),
    ...(maxSnapshotAgeMs !== undefined && { maxSnapshotAgeMs }),
  };
}

function versionOf(metadata: TableMetadata, version: string): bigint {
  const selector = /^\d+$/.test(version) ? { snapshotId: BigInt(version) } : { ref: version };
  return resolveSnapshot(metadata, selector).snapshotId;
}

function notFound({ refs }: TableMetadata, type: 'branch' | 'tag', name: string): SkuaError {
  const known = Object.entries(refs).flatMap(([one, reference]) => (reference.type === type ? [`"${one}"`] : []));
  const hint = known.length === 0 ? 'it has none' : `it has ${known.join(', ')}`;
  return new SkuaError('NOT_FOUND', `The table has no ${type} "${name}"; ${hint}`);
}

/** CREATE BRANCH of a table without snapshots: an empty one for the branch to begin with. */
export async function firstSnapshot(
  state: PinnedTable,
  alterations: readonly TableAlteration[],
): Promise<Proposal | undefined> {
  const { metadata, storage } = state;
  const [alteration] = alterations;
  if (metadata.snapshots.length > 0 || alterations.length !== 1 || alteration?.kind !== 'set-reference')
    return undefined;
  const { type, how, version, name } = alteration;
  if (type === 'tag' || how === 'replace' || version !== undefined) return undefined;
  const prepared = await prepareSnapshot(metadata, { operation: 'append', added: [], branch: name }, storage);
  const after = applySnapshot(metadata, prepared);
  const { maxRefAgeMs, minSnapshotsToKeep, maxSnapshotAgeMs } = alteration;
  const kept = { maxRefAgeMs, minSnapshotsToKeep, maxSnapshotAgeMs };
  const retention = referenceCommit(after, name, { ...(after.refs[name] as SnapshotReference), ...kept });
  return {
    commit: { requirements: prepared.requirements, updates: [...prepared.updates, ...retention.updates] },
    after: applyUpdates(after, retention.updates),
    written: prepared.written,
  };
}
