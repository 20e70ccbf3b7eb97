/** What the manifests of a snapshot say of some of its data files. */
import { inParallel } from '../../parallel.js';
import { loadEntries, loadManifests, type MetadataSource } from '../manifest/load.js';
import { snapshotById } from '../snapshots.js';
import type { DataFile } from '../types.js';

const MANIFESTS_AT_A_TIME = 8;

/** The live data files at the given locations, by these; those that the snapshot does not hold are absent. Manifests are read until all are found. */
export async function recordedFiles(
  source: MetadataSource,
  snapshotId: bigint,
  locations: Iterable<string>,
): Promise<Map<string, DataFile>> {
  const missing = new Set(locations);
  const found = new Map<string, DataFile>();
  const manifests = await loadManifests(source, snapshotById(source.metadata, snapshotId));
  const data = manifests.filter(({ content }) => content === 'data');
  for (let start = 0; start < data.length && missing.size > 0; start += MANIFESTS_AT_A_TIME) {
    const some = data.slice(start, start + MANIFESTS_AT_A_TIME);
    const entries = await inParallel(some, MANIFESTS_AT_A_TIME, (manifest) => loadEntries(source, manifest));
    for (const { status, file } of entries.flat()) {
      if (status === 'deleted' || file.content !== 'data' || !missing.delete(file.location)) continue;
      found.set(file.location, file);
    }
  }
  return found;
}
