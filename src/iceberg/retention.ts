/** Which snapshots and references expire (Iceberg spec, "Snapshot Retention Policy"). */
import { SkuaError } from '../errors.js';
import type { DefinitionUpdate } from './evolution/commit.js';
import { ancestorsOf, MAIN_BRANCH } from './references.js';
import type { SnapshotReference, TableMetadata } from './types.js';

export interface ExpiryRequest {
  /** Milliseconds since the epoch. Default: by the property `history.expire.max-snapshot-age-ms`, five days ago. */
  olderThan?: number | undefined;
  /** Ancestors that each branch keeps, however old. Default: by `history.expire.min-snapshots-to-keep`, 1. */
  retainLast?: number | undefined;
  /** Snapshots that go in any case. */
  snapshotIds?: readonly bigint[] | undefined;
  /** Milliseconds since the epoch. */
  now: number;
}

export interface Expiry {
  snapshotIds: bigint[];
  references: string[];
}

const FIVE_DAYS = 5 * 86_400_000;

/** FAILED_PRECONDITION for a snapshot that has to go and that a branch or tag points to. One that is not there is gone already. */
export function expiryOf(metadata: TableMetadata, request: ExpiryRequest): Expiry {
  const { properties, snapshots } = metadata;
  const olderThan =
    request.olderThan ?? request.now - numberIn(properties, 'history.expire.max-snapshot-age-ms', FIVE_DAYS);
  const retainLast = request.retainLast ?? numberIn(properties, 'history.expire.min-snapshots-to-keep', 1);
  const longestReference = numberIn(properties, 'history.expire.max-ref-age-ms', Number.POSITIVE_INFINITY);
  const [references, expired] = partition(Object.entries(metadata.refs), ([name, reference]) =>
    staysReferenced(metadata, name, reference, request.now, longestReference),
  );
  const kept = new Set<bigint>();
  const referenced = new Set<bigint>();
  for (const [, reference] of references) {
    kept.add(reference.snapshotId);
    referenced.add(reference.snapshotId);
    if (reference.type === 'tag') continue;
    const { maxSnapshotAgeMs, minSnapshotsToKeep = retainLast } = reference;
    const since = maxSnapshotAgeMs === undefined ? olderThan : request.now - maxSnapshotAgeMs;
    let isKept = true;
    for (const [index, { snapshotId, timestampMs }] of ancestorsOf(metadata, reference.snapshotId).entries()) {
      referenced.add(snapshotId);
      isKept &&= index < minSnapshotsToKeep || timestampMs >= since;
      if (isKept) kept.add(snapshotId);
    }
  }
  for (const { snapshotId, timestampMs } of snapshots) {
    if (!referenced.has(snapshotId) && timestampMs >= olderThan) kept.add(snapshotId);
  }
  for (const id of request.snapshotIds ?? []) {
    requireExpirable(id, references);
    kept.delete(id);
  }
  return {
    snapshotIds: snapshots.flatMap(({ snapshotId }) => (kept.has(snapshotId) ? [] : [snapshotId])),
    references: expired.map(([name]) => name),
  };
}

function requireExpirable(id: bigint, references: readonly [string, SnapshotReference][]): void {
  const names = references.flatMap(([name, { snapshotId }]) => (snapshotId === id ? [`"${name}"`] : []));
  if (names.length === 0) return;
  throw new SkuaError('FAILED_PRECONDITION', `Snapshot ${id} can't be expired: ${names.join(', ')} points to it`);
}

/** The main branch never expires; one whose snapshot is gone does. */
function staysReferenced(
  { snapshots }: TableMetadata,
  name: string,
  { snapshotId, maxRefAgeMs }: SnapshotReference,
  now: number,
  longest: number,
): boolean {
  if (name === MAIN_BRANCH) return true;
  const snapshot = snapshots.find((one) => one.snapshotId === snapshotId);
  return snapshot !== undefined && now - snapshot.timestampMs <= (maxRefAgeMs ?? longest);
}

/** INVALID_ARGUMENT for a property that is no number: what goes by it can't be told. */
function numberIn(properties: Readonly<Record<string, string>>, name: string, otherwise: number): number {
  const text = properties[name];
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value >= 0) return value;
  throw new SkuaError('INVALID_ARGUMENT', `The table property ${name} is a number, not '${text}'`);
}

function partition<T>(items: readonly T[], test: (item: T) => boolean): [T[], T[]] {
  return [items.filter(test), items.filter((item) => !test(item))];
}

/** Updates that remove schemas that no snapshot was made with, and partition specs that are of no manifest. */
export function removeUnused(metadata: TableMetadata, specIds: ReadonlySet<number>): DefinitionUpdate[] {
  const { snapshots, schemas, partitionSpecs, currentSchemaId, defaultSpecId } = metadata;
  const used = new Set([currentSchemaId, ...snapshots.flatMap(({ schemaId }) => schemaId ?? [])]);
  const unusedSchemas = schemas.flatMap(({ schemaId }) => (used.has(schemaId) ? [] : [schemaId]));
  const unusedSpecs = partitionSpecs.flatMap(({ specId }) =>
    specId === defaultSpecId || specIds.has(specId) ? [] : [specId],
  );
  return [
    ...(unusedSpecs.length > 0 ? [{ action: 'remove-partition-specs' as const, 'spec-ids': unusedSpecs }] : []),
    ...(unusedSchemas.length > 0 ? [{ action: 'remove-schemas' as const, 'schema-ids': unusedSchemas }] : []),
  ];
}
