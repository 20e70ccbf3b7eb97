/** Files of a snapshot that is being prepared. */
import { SkuaError } from '../../errors.js';
import type { Storage } from '../../storage/contract.js';
import { describeManifest, encodeManifest, type ManifestLayout } from '../manifest/writer.js';
import { partitionTypes } from '../partition-types.js';
import { currentSchema, partitionSpecById } from '../snapshots.js';
import type { DataFile, DeleteFile, ManifestEntry, ManifestFile, TableMetadata } from '../types.js';
import { metadataLocation } from './locations.js';

/** The state that one preparation builds up. */
export interface Preparation {
  metadata: TableMetadata;
  storage: Storage;
  snapshotId: bigint;
  sequenceNumber: number;
  /** Part of the names of all new files. */
  commitId: string;
  written: string[];
}

/** One manifest for each partition spec and content. */
export async function writeAdded(
  preparation: Preparation,
  added: readonly (DataFile | DeleteFile)[],
): Promise<ManifestFile[]> {
  const groups = new Map<string, (DataFile | DeleteFile)[]>();
  for (const file of added) {
    const key = `${file.content === 'data'}:${file.specId}`;
    groups.set(key, [...(groups.get(key) ?? []), file]);
  }
  const manifests: ManifestFile[] = [];
  for (const files of groups.values()) {
    const [first] = files as [DataFile | DeleteFile];
    const content = first.content === 'data' ? 'data' : 'deletes';
    if (content === 'deletes' && preparation.metadata.formatVersion === 1) {
      throw new SkuaError('FAILED_PRECONDITION', 'A table of format version 1 can hold no delete files');
    }
    const entries = files.map((file): ManifestEntry => {
      const snapshotId = preparation.snapshotId;
      return { status: 'added', file: { ...file, snapshotId } };
    });
    manifests.push(await writeManifest(preparation, content, first.specId, entries));
  }
  return manifests;
}

export async function writeManifest(
  preparation: Preparation,
  content: 'data' | 'deletes',
  specId: number,
  entries: readonly ManifestEntry[],
): Promise<ManifestFile> {
  const { metadata, snapshotId, sequenceNumber, commitId, written } = preparation;
  const spec = partitionSpecById(metadata, specId);
  const layout: ManifestLayout = {
    formatVersion: metadata.formatVersion,
    content,
    schema: currentSchema(metadata),
    spec,
    partitionTypes: partitionTypes(metadata, spec),
  };
  const location = metadataLocation(metadata, `${commitId}-m${written.length}.avro`);
  const bytes = encodeManifest(layout, entries);
  await writeFile(preparation, location, bytes);
  return describeManifest(layout, entries, { location, length: bytes.byteLength, snapshotId, sequenceNumber });
}

export async function writeFile(preparation: Preparation, location: string, bytes: Uint8Array): Promise<void> {
  preparation.written.push(location);
  await preparation.storage.write(location, bytes);
}
