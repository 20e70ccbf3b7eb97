/** Loads manifests of a snapshot from the store, through a cache of immutable files where the caller has one. */
import { messageOf, SkuaError } from '../../errors.js';
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
  cache?: MetadataCache | undefined;
  signal?: AbortSignal | undefined;
}

/** The manifests of a snapshot; none for no snapshot. Version 1 snapshots may name their manifests themselves. */
export async function loadManifests(source: MetadataSource, snapshot: Snapshot | undefined): Promise<ManifestFile[]> {
  if (!snapshot) return [];
  if (snapshot.manifestList !== undefined)
    return decodeMetadataFile(source, { location: snapshot.manifestList }, readManifestList);
  if (!snapshot.manifests) {
    const message = `The table metadata is malformed: snapshot ${snapshot.snapshotId} names neither a manifest list nor manifests`;
    throw new SkuaError('DATA_LOSS', message);
  }
  return Promise.all(
    snapshot.manifests.map(async (location) => ({
      location,
      length: await source.storage.size(location),
      specId:
        (await decodeMetadataFile(source, { location }, specIdOf)) ?? source.metadata.partitionSpecs[0]?.specId ?? 0,
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
  const partitionFields = partitionSpecById(source.metadata, manifest.specId).fields;
  return decodeMetadataFile(source, manifest, (bytes) => readManifest(bytes, manifest, { partitionFields }));
}

/** Cached files that were decoded whatever length somebody gives for them. */
const soundAsTheyAre = new WeakSet<Uint8Array>();

/** A manifest or a manifest list, and its length in bytes where that is known. */
export interface MetadataFile {
  location: string;
  length?: number;
}

/**
 * What a file of metadata holds. One that can't be decoded is read once more from the store; then it is DATA_LOSS that names it, and the
 * cache has it no longer.
 */
export async function decodeMetadataFile<T>(
  source: Pick<MetadataSource, 'storage' | 'cache' | 'signal'>,
  file: MetadataFile,
  decode: (bytes: Uint8Array) => T | Promise<T>,
): Promise<T> {
  const read = () => source.storage.read(file.location, undefined, source.signal);
  const attempt = async (length?: number) => {
    const bytes = await (source.cache ? source.cache.bytes(file.location, read) : read());
    if (length !== undefined && bytes.length !== length && !soundAsTheyAre.has(bytes)) {
      throw new SkuaError('DATA_LOSS', `it has ${bytes.length} bytes instead of ${length}`);
    }
    const decoded = await decode(bytes);
    if (length === undefined) soundAsTheyAre.add(bytes);
    return decoded;
  };
  try {
    // Another length than the list says may be a list that is wrong: what is read again counts as it is.
    return await attempt(file.length);
  } catch (error) {
    if (source.signal?.aborted || !isDamage(error)) throw error;
    source.cache?.forget(file.location);
  }
  try {
    return await attempt();
  } catch (error) {
    if (source.signal?.aborted || !isDamage(error)) throw error;
    source.cache?.forget(file.location);
    const message = messageOf(error);
    if (message.includes(file.location)) throw error;
    throw new SkuaError('DATA_LOSS', `'${file.location}' is damaged: ${message}`, { cause: error });
  }
}

/** A decoder that stumbles over what no writer writes fails in many ways. */
function isDamage(error: unknown): boolean {
  return !(error instanceof SkuaError) || error.code === 'DATA_LOSS';
}
