/** Loads manifests of a snapshot from the store, through a cache of immutable files where the caller has one. */
import { SkuaError } from '../../errors.js';
import type { Storage } from '../../storage/contract.js';
import { readContainer } from '../avro/container.js';
import type { MetadataCache } from '../metadata-cache.js';
import { partitionSpecById } from '../snapshots.js';
import type { ManifestEntry, ManifestFile, Snapshot, TableMetadata } from '../types.js';
import { readManifestList } from './list-reader.js';
import { readManifest } from './reader.js';

export interface MetadataSource {
  metadata: TableMetadata;
  storage: Storage;
  cache?: MetadataCache;
  signal?: AbortSignal;
}

/** The manifests of a snapshot; none for no snapshot. Version 1 snapshots may name their manifests themselves. */
export async function loadManifests(source: MetadataSource, snapshot: Snapshot | undefined): Promise<ManifestFile[]> {
  if (!snapshot) return [];
  if (snapshot.manifestList !== undefined)
    return readManifestList(await readMetadataFile(source, snapshot.manifestList));
  if (!snapshot.manifests) {
    const message = `The table metadata is malformed: snapshot ${snapshot.snapshotId} names neither a manifest list nor manifests`;
    throw new SkuaError('DATA_LOSS', message);
  }
  return Promise.all(
    snapshot.manifests.map(async (location) => ({
      location,
      length: await source.storage.size(location),
      specId: specIdOf(await readMetadataFile(source, location)) ?? source.metadata.partitionSpecs[0]?.specId ?? 0,
      content: 'data' as const,
      sequenceNumber: 0,
      minSequenceNumber: 0,
      addedSnapshotId: snapshot.snapshotId,
    })),
  );
}

/** The partition spec that a manifest names itself. */
function specIdOf(manifest: Uint8Array): number | undefined {
  const text = readContainer(manifest).metadata.get('partition-spec-id');
  return text === undefined ? undefined : Number(text);
}

/** All entries of a manifest with all their statistics. */
export async function loadEntries(source: MetadataSource, manifest: ManifestFile): Promise<ManifestEntry[]> {
  const bytes = await readMetadataFile(source, manifest.location);
  const partitionFields = partitionSpecById(source.metadata, manifest.specId).fields;
  return readManifest(bytes, manifest, { partitionFields });
}

export async function readMetadataFile(source: MetadataSource, location: string): Promise<Uint8Array> {
  const read = () => source.storage.read(location, undefined, source.signal);
  return source.cache ? source.cache.bytes(location, read) : read();
}
