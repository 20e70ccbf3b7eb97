/** Plans a scan: which data files to read, and which deletes apply to each (Iceberg spec, "Scan Planning"). */
import type { FileTask, ScanPlan, ScanRequest } from '../contract.js';
import { loadManifests } from '../manifest/load.js';
import { currentSchema, currentSnapshot, schemaOf, snapshotById } from '../snapshots.js';
import type { DeleteFile, ManifestFile } from '../types.js';
import { DeleteIndex } from './delete-index.js';
import type { SelectedFiles } from './select-files.js';
import { countTasks, selectFromManifests } from './select-manifests.js';
import { filesWithTopRows } from './top-files.js';
import { giveWay } from './turns.js';

/** NOT_FOUND for a snapshot that the table does not have; otherwise fails as the storage does. Aborting the signal stops it. */
export async function planScan(request: ScanRequest): Promise<ScanPlan> {
  const { metadata, snapshotId } = request;
  const snapshot = snapshotId === undefined ? currentSnapshot(metadata) : snapshotById(metadata, snapshotId);
  const isTimeTravel = snapshotId !== undefined && snapshotId !== metadata.currentSnapshotId;
  const schema = request.schema ?? (isTimeTravel ? schemaOf(metadata, snapshotId) : currentSchema(metadata));
  const manifests = (await loadManifests(request, snapshot)).filter(hasLiveFiles);
  const { selections, statistics } = await selectFromManifests({ ...request, schema }, manifests);
  const found = await assignDeletes(request, selections);
  const tasks = request.top ? filesWithTopRows(metadata, found, request.top) : found;
  if (tasks.length < found.length) {
    statistics.prunedBy.push({ reason: 'order and limit', files: found.length - tasks.length });
  }
  return { snapshot, schema, tasks, statistics: countTasks(statistics, tasks) };
}

/** In the order of the manifest list, so that equal requests give equal plans. */
async function assignDeletes(request: ScanRequest, selections: readonly SelectedFiles[]): Promise<FileTask[]> {
  const deletes = selections.flatMap(({ files }) =>
    files.filter((file): file is DeleteFile => file.content !== 'data'),
  );
  const index = new DeleteIndex(request.metadata, deletes);
  const tasks: FileTask[] = [];
  for (const { files } of selections) {
    await giveWay();
    for (const file of files) {
      if (file.content === 'data') tasks.push({ file, deletes: index.deletesFor(file) });
    }
  }
  return tasks;
}

function hasLiveFiles(manifest: ManifestFile): boolean {
  return manifest.addedFilesCount !== 0 || manifest.existingFilesCount !== 0;
}
