/** Files that snapshots name, for what removes those that no snapshot names. */

import { inParallel } from '../parallel.js';
import { normalizeLocation } from '../storage/index.js';
import { decodeMetadataFile, loadManifests, type MetadataSource } from './manifest/load.js';
import { manifestEntries } from './manifest/reader.js';
import { giveWay } from './plan/turns.js';
import { partitionSpecById } from './snapshots.js';
import type { DataFile, DeleteFile, ManifestFile, Snapshot, TableMetadata } from './types.js';

const listsAtATime = 8;
const manifestsAtATime = 8;
const none: ReadonlySet<number> = new Set();

/** The manifests of some snapshots, by location. */
export async function manifestsOf(
  source: MetadataSource,
  snapshots: readonly Snapshot[],
): Promise<Map<string, ManifestFile>> {
  const found = new Map<string, ManifestFile>();
  await inParallel(snapshots, listsAtATime, async (snapshot) => {
    for (const manifest of await loadManifests(source, snapshot)) found.set(manifest.location, manifest);
  });
  return found;
}

/** Looks at every live file of some manifests, in no order. Of statistics, only those of the given columns are there. */
export async function forEachLiveFile(
  source: MetadataSource,
  manifests: Iterable<ManifestFile>,
  look: (file: DataFile | DeleteFile) => void,
  statistics: ReadonlySet<number> = none,
): Promise<void> {
  await inParallel([...manifests], manifestsAtATime, async (manifest) => {
    const partitionFields = partitionSpecById(source.metadata, manifest.specId).fields;
    await decodeMetadataFile(source, manifest, async (bytes) => {
      for (const entries of manifestEntries(bytes, manifest, { partitionFields, statistics })) {
        for (const { status, file } of entries) if (status !== 'deleted') look(file);
        await giveWay();
      }
    });
  });
}

/** Files that only some snapshots need, by kind, each in the one spelling of `normalizeLocation`: another engine may have named a file otherwise. */
export interface UnneededFiles {
  data: Set<string>;
  positionDeletes: Set<string>;
  equalityDeletes: Set<string>;
  manifests: Set<string>;
  manifestLists: Set<string>;
  statistics: Set<string>;
}

/** What the table would no longer need without these snapshots, as far as they themselves name it. */
export async function filesNamedBy(source: MetadataSource, snapshots: readonly Snapshot[]): Promise<UnneededFiles> {
  const ids = new Set(snapshots.map(({ snapshotId }) => snapshotId));
  const { statistics, partitionStatistics } = source.metadata;
  const manifests = await manifestsOf(source, snapshots);
  const files: UnneededFiles = {
    data: new Set(),
    positionDeletes: new Set(),
    equalityDeletes: new Set(),
    manifests: new Set([...manifests.keys()].map(normalizeLocation)),
    manifestLists: new Set(
      snapshots.flatMap(({ manifestList }) => (manifestList ? [normalizeLocation(manifestList)] : [])),
    ),
    statistics: new Set(
      [...statistics, ...partitionStatistics].flatMap((file) =>
        ids.has(file.snapshotId) ? [normalizeLocation(file.location)] : [],
      ),
    ),
  };
  const kinds = {
    data: files.data,
    'position-deletes': files.positionDeletes,
    'equality-deletes': files.equalityDeletes,
  };
  await forEachLiveFile(source, manifests.values(), ({ content, location }) =>
    kinds[content].add(normalizeLocation(location)),
  );
  return files;
}

/** Takes out of the files what any snapshot or statistics of a table name. */
export async function withoutNeeded(source: MetadataSource, files: UnneededFiles): Promise<UnneededFiles> {
  const { metadata } = source;
  const manifests = await manifestsOf(source, metadata.snapshots);
  const { data, positionDeletes, equalityDeletes } = files;
  for (const { manifestList } of metadata.snapshots)
    if (manifestList) files.manifestLists.delete(normalizeLocation(manifestList));
  for (const location of manifests.keys()) files.manifests.delete(normalizeLocation(location));
  for (const { location } of allStatistics(metadata)) files.statistics.delete(normalizeLocation(location));
  if (data.size + positionDeletes.size + equalityDeletes.size > 0) {
    await forEachLiveFile(source, manifests.values(), ({ location }) => {
      const needed = normalizeLocation(location);
      for (const kind of [data, positionDeletes, equalityDeletes]) kind.delete(needed);
    });
  }
  return files;
}

/** Looks at every location that a table's metadata names: manifest lists, manifests, data and delete files, statistics and older metadata files. */
export async function forEachLocation(source: MetadataSource, look: (location: string) => void): Promise<void> {
  const { metadata } = source;
  const manifests = await manifestsOf(source, metadata.snapshots);
  for (const { manifestList } of metadata.snapshots) if (manifestList) look(manifestList);
  for (const location of manifests.keys()) look(location);
  for (const { location } of allStatistics(metadata)) look(location);
  for (const { metadataFile } of metadata.metadataLog) look(metadataFile);
  await forEachLiveFile(source, manifests.values(), ({ location }) => look(location));
}

function allStatistics({ statistics, partitionStatistics }: TableMetadata) {
  return [...statistics, ...partitionStatistics];
}
