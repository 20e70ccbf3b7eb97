/** Delete files that apply to no data file of their snapshot. */
import type { MetadataSource } from '../manifest/load.js';
import { loadManifests } from '../manifest/load.js';
import { forEachLiveFile } from '../reachable-files.js';
import { snapshotById } from '../snapshots.js';
import type { DataFile, DeleteFile } from '../types.js';
import { removalKey } from '../write/removal.js';
import { DeleteIndex, deletePathFieldId } from './delete-index.js';

/**
 * Whether a delete file applies is told as for a scan: by partition, sequence number, and the paths that it may hold. Rows that it names and that
 * are gone already don't matter.
 */
export async function danglingDeletes(source: MetadataSource, snapshotId: bigint | undefined): Promise<DeleteFile[]> {
  if (snapshotId === undefined) return [];
  const manifests = await loadManifests(source, snapshotById(source.metadata, snapshotId));
  const deletes: DeleteFile[] = [];
  const ofDeletes = manifests.filter(({ content }) => content === 'deletes');
  await forEachLiveFile(source, ofDeletes, (file) => deletes.push(file as DeleteFile), pathBounds);
  if (deletes.length === 0) return [];
  const index = new DeleteIndex(source.metadata, deletes);
  const dangling = new Map(deletes.map((file) => [removalKey(file), file]));
  await forEachLiveFile(
    source,
    manifests.filter(({ content }) => content === 'data'),
    (file) => {
      for (const applied of index.deletesFor(file as DataFile)) dangling.delete(removalKey(applied));
    },
  );
  return [...dangling.values()];
}

/** The bounds that tell which files a delete file may be about. */
const pathBounds: ReadonlySet<number> = new Set([deletePathFieldId]);
