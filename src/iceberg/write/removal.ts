/** Takes files out of the manifests of a snapshot. */
import { SkuaError } from '../../errors.js';
import { inParallel } from '../../parallel.js';
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
  const mayShare = manifestMayShare(wanted);
  const kept: ManifestFile[] = [];
  const found: (DataFile | DeleteFile)[] = [];
  const isSought = () => missing.size > 0 || mayShare;
  for await (const { manifest, live } of inTurn(preparation, manifests, isSought)) {
    const isRemoved = ({ file }: ManifestEntry) => wanted.has(removalKey(file)) || wanted.has(file.location);
    if (!live?.some(isRemoved)) {
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

const manifestsAtATime = 8;

/** The manifests in their order, with their live entries as long as these are sought; a few are read ahead. */
async function* inTurn(
  preparation: Preparation,
  manifests: readonly ManifestFile[],
  isSought: () => boolean,
): AsyncGenerator<{ manifest: ManifestFile; live?: ManifestEntry[] }> {
  for (let start = 0; start < manifests.length; start += manifestsAtATime) {
    const some = manifests.slice(start, start + manifestsAtATime);
    if (!isSought()) {
      for (const manifest of some) yield { manifest };
      continue;
    }
    const entries = await inParallel(some, manifestsAtATime, (manifest) => loadEntries(preparation, manifest));
    for (const [index, manifest] of some.entries()) {
      yield { manifest, live: (entries[index] ?? []).filter(({ status }) => status !== 'deleted') };
    }
  }
}

/** A Puffin file holds vectors of several data files, which several manifests may list. */
function manifestMayShare(wanted: ReadonlySet<string>): boolean {
  return [...wanted].some((key) => key.endsWith('.puffin'));
}
