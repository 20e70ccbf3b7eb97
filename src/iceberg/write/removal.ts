/** Takes files out of the manifests of a snapshot. */
import { SkuaError } from '../../errors.js';
import { loadEntries } from '../manifest/load.js';
import type { DataFile, DeleteFile, ManifestEntry, ManifestFile } from '../types.js';
import { type Preparation, writeManifest } from './preparation.js';

/** Names a file in `SnapshotChange.removed`: its location, for one deletion vector of a shared Puffin file with `#` and its offset. */
export function removalKey(file: DataFile | DeleteFile): string {
  const isVector = file.content !== 'data' && file.contentOffset !== undefined;
  return isVector ? `${file.location}#${file.contentOffset}` : file.location;
}

/** The manifests without the removed files, those that held one rewritten; and the files that were removed. */
export async function withoutRemoved(
  preparation: Preparation,
  manifests: readonly ManifestFile[],
  removed: readonly string[],
): Promise<{ manifests: ManifestFile[]; removed: (DataFile | DeleteFile)[] }> {
  if (removed.length === 0) return { manifests: [...manifests], removed: [] };
  const wanted = new Set(removed);
  const missing = new Set(removed);
  const kept: ManifestFile[] = [];
  const found: (DataFile | DeleteFile)[] = [];
  for (const manifest of manifests) {
    if (missing.size === 0 && !manifestMayShare(wanted)) {
      kept.push(manifest);
      continue;
    }
    const live = (await loadEntries(preparation, manifest)).filter(({ status }) => status !== 'deleted');
    const isRemoved = ({ file }: ManifestEntry) => wanted.has(removalKey(file)) || wanted.has(file.location);
    if (!live.some(isRemoved)) {
      kept.push(manifest);
      continue;
    }
    const entries = live.map((entry): ManifestEntry => {
      if (!isRemoved(entry)) return { status: 'existing', file: entry.file };
      found.push(entry.file);
      missing.delete(removalKey(entry.file));
      missing.delete(entry.file.location);
      return { status: 'deleted', file: { ...entry.file, snapshotId: preparation.snapshotId } };
    });
    kept.push(await writeManifest(preparation, manifest.content, manifest.specId, entries));
  }
  if (missing.size > 0) {
    throw new SkuaError('ABORTED', `The table no longer holds ${missing.size} of the files that were to be removed`);
  }
  return { manifests: kept, removed: found };
}

/** A Puffin file holds vectors of several data files, which several manifests may list. */
function manifestMayShare(wanted: ReadonlySet<string>): boolean {
  return [...wanted].some((key) => key.endsWith('.puffin'));
}
