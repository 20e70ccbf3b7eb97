/** Plans a scan: which data files to read, and which deletes apply to each (Iceberg spec, "Scan Planning"). */
import type { FileTask, ScanPlan, ScanRequest, ScanStatistics } from '../contract.js';
import { loadManifests, readMetadataFile } from '../manifest/load.js';
import { currentSchema, currentSnapshot, partitionSpecById, schemaOf, snapshotById } from '../snapshots.js';
import type { DeleteFile, ManifestFile } from '../types.js';
import { decoderFor } from './decoder.js';
import { DeleteIndex, deletePathFieldId } from './delete-index.js';
import { mayMatchManifest } from './evaluate.js';
import { inParallel } from './in-parallel.js';
import { bindFilter, fieldIdsOf, type Predicate } from './predicate.js';
import { projectPredicate } from './projection.js';
import type { SelectedFiles, Selection } from './select-files.js';
import { giveWay } from './turns.js';

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
  const pruned = { manifest: 0, partition: 0, statistics: 0 };
  const chosen = await chooseManifests(request, manifests, predicate, statistics, pruned);
  const decode = decoderFor(chosen.reduce((sum, { manifest }) => sum + manifest.length, 0));
  const selections = await inParallel(chosen, manifestsAtATime, async ({ manifest, selection }) => {
    request.signal?.throwIfAborted();
    return decode(await readMetadataFile(request, manifest.location), manifest, selection);
  });
  statistics.manifestsRead = chosen.length;
  selections.forEach((selected, index) => {
    if (chosen[index]?.manifest.content === 'data') countSelected(selected, statistics, pruned);
  });
  const tasks = await assignDeletes(request, selections);
  statistics.filesPlanned = tasks.length;
  statistics.bytesPlanned = tasks.reduce((sum, { file }) => sum + file.fileSize, 0);
  statistics.deleteFiles = new Set(tasks.flatMap(({ deletes }) => deletes)).size;
  statistics.prunedBy = (['manifest', 'partition', 'statistics'] as const)
    .map((reason) => ({ reason, files: pruned[reason] }))
    .filter(({ files }) => files > 0)
    .sort((left, right) => right.files - left.files);
  return { snapshot, schema, tasks, statistics };
}

interface ChosenManifest {
  manifest: ManifestFile;
  selection: Selection;
}

/** The manifests whose partition summaries leave room for matching files. */
async function chooseManifests(
  request: ScanRequest,
  manifests: readonly ManifestFile[],
  predicate: Predicate,
  statistics: ScanStatistics,
  pruned: { manifest: number },
): Promise<ChosenManifest[]> {
  const chosen: ChosenManifest[] = [];
  for (const manifest of manifests) {
    await giveWay();
    const selection = selectionFor(request, manifest, predicate);
    if (mayMatchManifest(selection.partitionPredicate, manifest, selection.partitionFields)) {
      chosen.push({ manifest, selection });
    } else if (manifest.content === 'data') {
      const files = (manifest.addedFilesCount ?? 0) + (manifest.existingFilesCount ?? 0);
      pruned.manifest += files;
      statistics.filesTotal += files;
    }
  }
  return chosen;
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
