/** Plans a scan: which data files to read, and which deletes apply to each (Iceberg spec, "Scan Planning"). */
import type { FileTask, ScanPlan, ScanRequest, ScanStatistics } from '../contract.js';
import { loadManifests, readMetadataFile } from '../manifest/load.js';
import { currentSchema, currentSnapshot, partitionSpecById, schemaOf, snapshotById } from '../snapshots.js';
import type { DataFile, DeleteFile, ManifestFile } from '../types.js';
import { selectInThread } from './decoder.js';
import { DeleteIndex, deletePathFieldId } from './delete-index.js';
import { mayMatchManifest } from './evaluate.js';
import { inParallel } from './in-parallel.js';
import { bindFilter, fieldIdsOf, type Predicate } from './predicate.js';
import { projectPredicate } from './projection.js';
import type { SelectedFiles, Selection } from './select-files.js';

/** Manifests that are fetched and decoded at a time. */
const manifestsAtATime = 16;

/** NOT_FOUND for a snapshot that the table does not have; otherwise fails as the storage does. Aborting the signal stops it. */
export async function planScan(request: ScanRequest): Promise<ScanPlan> {
  const { metadata, snapshotId } = request;
  const snapshot = snapshotId === undefined ? currentSnapshot(metadata) : snapshotById(metadata, snapshotId);
  const isTimeTravel = snapshotId !== undefined && snapshotId !== metadata.currentSnapshotId;
  const schema = request.schema ?? (isTimeTravel ? schemaOf(metadata, snapshotId) : currentSchema(metadata));
  const manifests = (await loadManifests(request, snapshot)).filter(hasLiveFiles);
  const predicate = bindFilter(request.filter, schema);
  const statistics = emptyStatistics(manifests.length);
  const dataFiles: DataFile[] = [];
  const deleteFiles: DeleteFile[] = [];
  const prunedFiles = { manifest: 0, partition: 0, statistics: 0 };
  await inParallel(manifests, manifestsAtATime, async (manifest) => {
    request.signal?.throwIfAborted();
    const selection = selectionFor(request, manifest, predicate);
    if (!mayMatchManifest(selection.partitionPredicate, manifest, selection.partitionFields)) {
      const files = (manifest.addedFilesCount ?? 0) + (manifest.existingFilesCount ?? 0);
      if (manifest.content === 'data') prunedFiles.manifest += files;
      if (manifest.content === 'data') statistics.filesTotal += files;
      return;
    }
    const bytes = await readMetadataFile(request, manifest.location);
    const selected = await selectInThread(bytes, manifest, selection);
    statistics.manifestsRead++;
    for (const file of selected.files) {
      if (file.content === 'data') dataFiles.push(file);
      else deleteFiles.push(file);
    }
    if (manifest.content === 'data') countSelected(selected, statistics, prunedFiles);
  });
  const tasks = assignDeletes(request, dataFiles, deleteFiles);
  statistics.filesPlanned = tasks.length;
  statistics.bytesPlanned = tasks.reduce((sum, { file }) => sum + file.fileSize, 0);
  statistics.deleteFiles = new Set(tasks.flatMap(({ deletes }) => deletes)).size;
  statistics.prunedBy = (['manifest', 'partition', 'statistics'] as const)
    .map((reason) => ({ reason, files: prunedFiles[reason] }))
    .filter(({ files }) => files > 0)
    .sort((left, right) => right.files - left.files);
  return { snapshot, schema, tasks, statistics };
}

function selectionFor(request: ScanRequest, manifest: ManifestFile, predicate: Predicate): Selection {
  const partitionFields = partitionSpecById(request.metadata, manifest.specId).fields;
  const kept = new Set(request.statistics ?? []);
  const isData = manifest.content === 'data';
  const decoded = isData ? new Set([...fieldIdsOf(predicate), ...kept]) : new Set([deletePathFieldId]);
  return {
    partitionFields,
    partitionPredicate: projectPredicate(predicate, partitionFields),
    predicate,
    statistics: decoded,
    keptStatistics: isData ? kept : decoded,
  };
}

/** In the order of their locations, so that equal requests give equal plans. */
function assignDeletes(request: ScanRequest, dataFiles: DataFile[], deleteFiles: DeleteFile[]): FileTask[] {
  const index = new DeleteIndex(request.metadata, deleteFiles);
  dataFiles.sort((left, right) => (left.location < right.location ? -1 : left.location > right.location ? 1 : 0));
  return dataFiles.map((file) => ({ file, deletes: index.deletesFor(file) }));
}

function hasLiveFiles(manifest: ManifestFile): boolean {
  return manifest.addedFilesCount !== 0 || manifest.existingFilesCount !== 0;
}

function countSelected(
  selected: SelectedFiles,
  statistics: ScanStatistics,
  pruned: { partition: number; statistics: number },
): void {
  statistics.filesTotal += selected.filesTotal;
  statistics.bytesTotal += selected.bytesTotal;
  pruned.partition += selected.prunedByPartition;
  pruned.statistics += selected.prunedByStatistics;
}

function emptyStatistics(manifestsTotal: number): ScanStatistics {
  return {
    manifestsTotal,
    manifestsRead: 0,
    filesTotal: 0,
    filesPlanned: 0,
    bytesTotal: 0,
    bytesPlanned: 0,
    deleteFiles: 0,
    prunedBy: [],
  };
}
