/**
 * Merges small manifests when a snapshot is made, by the table properties `commit.manifest-merge.enabled`, `.min-count-to-merge` and
 * `.target-size-bytes` of `commit.manifest`, as Iceberg's own append does. Older snapshots keep the manifests that they list.
 */

import { inParallel } from '../../parallel.js';
import { loadEntries } from '../manifest/load.js';
import type { ManifestEntry, ManifestFile, TableMetadata } from '../types.js';
import { type Preparation, writeManifest } from './preparation.js';

const manifestsAtATime = 8;

/** The manifests of a snapshot, newest first, with those that belong together in one manifest of about the target size. */
export async function mergeManifests(preparation: Preparation, manifests: ManifestFile[]): Promise<ManifestFile[]> {
  const { properties } = preparation.metadata;
  if (properties['commit.manifest-merge.enabled']?.toLowerCase() === 'false') return manifests;
  const minCount = positive(properties['commit.manifest.min-count-to-merge']) ?? 100;
  const targetSize = targetManifestSize(preparation.metadata);
  const kept: ManifestFile[] = [];
  for (const content of ['data', 'deletes'] as const) {
    const [newest, ...older] = manifests.filter((manifest) => manifest.content === content);
    if (!newest) continue;
    for (const group of bySpec([newest, ...older])) {
      for (const bin of bins(group, targetSize)) {
        // Only the newest bin waits to be worth it: one that is full will not grow any more.
        const waits = bin.length === 1 || (bin.includes(newest) && bin.length < minCount);
        kept.push(...(waits ? bin : [await merge(preparation, bin)]));
      }
    }
  }
  return kept;
}

function bySpec(manifests: readonly ManifestFile[]): ManifestFile[][] {
  const groups = new Map<number, ManifestFile[]>();
  for (const manifest of manifests) {
    const group = groups.get(manifest.specId) ?? [];
    group.push(manifest);
    groups.set(manifest.specId, group);
  }
  return [...groups.values()];
}

/** Neighbours that fit into the target size together, filled from the oldest on, so that the newest bin is the one with room. */
function bins(manifests: readonly ManifestFile[], targetSize: number): ManifestFile[][] {
  const packed: ManifestFile[][] = [];
  let size = 0;
  for (const manifest of manifests.toReversed()) {
    const open = packed[0];
    if (open && size + manifest.length <= targetSize) {
      open.unshift(manifest);
      size += manifest.length;
    } else {
      packed.unshift([manifest]);
      size = manifest.length;
    }
  }
  return packed;
}

async function merge(preparation: Preparation, bin: readonly ManifestFile[]): Promise<ManifestFile> {
  const { storage, written } = preparation;
  const entries = await inParallel(bin, manifestsAtATime, (manifest) => loadEntries(preparation, manifest));
  const merged = await writeManifest(
    preparation,
    (bin[0] as ManifestFile).content,
    (bin[0] as ManifestFile).specId,
    entries.flat().flatMap((entry) => carriedOver(entry, preparation)),
  );
  await storage.remove(bin.map(({ location }) => location).filter((location) => written.includes(location)));
  return merged;
}

/** What this snapshot added or removed stays that; files of earlier snapshots are there already, and what those removed is gone. */
function carriedOver({ status, file }: ManifestEntry, preparation: Preparation): ManifestEntry[] {
  const { snapshotId, sequenceNumber } = preparation;
  if (file.snapshotId !== snapshotId) return status === 'deleted' ? [] : [{ status: 'existing', file }];
  const inherits = status === 'added' && file.sequenceNumber === sequenceNumber;
  return [{ status, file: inherits ? { ...file, sequenceNumber: undefined, fileSequenceNumber: undefined } : file }];
}

/** Bytes of a manifest, by the property `commit.manifest.target-size-bytes`. */
export function targetManifestSize({ properties }: TableMetadata): number {
  return positive(properties['commit.manifest.target-size-bytes']) ?? 8 * 1024 * 1024;
}

function positive(property: string | undefined): number | undefined {
  const value = Number(property);
  return Number.isSafeInteger(value) && value > 0 ? value : undefined;
}
