/** From the manifests of a snapshot to the files that a filter and join keys leave, and what pruned the others. */

import { inParallel } from '../../parallel.js';
import type { FileTask, ScanRequest, ScanStatistics } from '../contract.js';
import { decodeMetadataFile } from '../manifest/load.js';
import { unmappedFields } from '../name-mapping.js';
import { partitionSpecById } from '../snapshots.js';
import type { ManifestFile, Schema } from '../types.js';
import { decoderFor } from './decoder.js';
import { deletePathFieldId } from './delete-index.js';
import { mayMatchManifest } from './evaluate.js';
import { bindFilter, fieldIdsOf, type Predicate } from './predicate.js';
import { projectPredicate } from './projection.js';
import type { SelectedFiles, Selection } from './select-files.js';
import { giveWay } from './turns.js';

/** Manifests that are fetched and decoded at a time. */
const manifestsAtATime = 16;

export interface SelectionRequest extends ScanRequest {
  schema: Schema;
  /** Only files that the manifest's own snapshot added. */
  addedOnly?: boolean;
}

type Pruned = Record<ScanStatistics['prunedBy'][number]['reason'], number>;

/** One selection for each manifest that was read. The statistics lack what `countTasks` adds. */
export async function selectFromManifests(
  request: SelectionRequest,
  manifests: readonly ManifestFile[],
): Promise<{ selections: SelectedFiles[]; statistics: ScanStatistics }> {
  const statistics = emptyStatistics(manifests);
  const pruned: Pruned = {
    manifest: 0,
    partition: 0,
    statistics: 0,
    'join keys': 0,
    'order and limit': 0,
    'other servers': 0,
  };
  const chosen = await chooseManifests(request, manifests, statistics, pruned);
  const decode = decoderFor(chosen.reduce((sum, { manifest }) => sum + manifest.length, 0));
  const selections = await inParallel(chosen, manifestsAtATime, async ({ manifest, selection }) => {
    request.signal?.throwIfAborted();
    return decodeMetadataFile(request, manifest, (bytes) => decode(bytes, manifest, selection));
  });
  statistics.manifestsRead = chosen.length;
  statistics.deleteManifestsRead = chosen.filter(({ manifest }) => listsDeletes(manifest)).length;
  selections.forEach((selected, index) => {
    if (chosen[index]?.manifest.content !== 'data') return;
    statistics.filesTotal += selected.filesTotal;
    statistics.bytesTotal += selected.bytesTotal;
    pruned.partition += selected.prunedByPartition;
    pruned.statistics += selected.prunedByStatistics;
    pruned['join keys'] += selected.prunedByKeys;
    pruned['other servers'] += selected.prunedByShare;
  });
  statistics.prunedBy = Object.entries(pruned)
    .map(([reason, files]) => ({ reason: reason as keyof Pruned, files }))
    .filter(({ files }) => files > 0)
    .sort((left, right) => right.files - left.files);
  return { selections, statistics };
}

export function countTasks(statistics: ScanStatistics, tasks: readonly FileTask[]): ScanStatistics {
  return {
    ...statistics,
    filesPlanned: tasks.length,
    bytesPlanned: tasks.reduce((sum, { file }) => sum + file.fileSize, 0),
    deleteFiles: new Set(tasks.flatMap(({ deletes }) => deletes)).size,
  };
}

interface ChosenManifest {
  manifest: ManifestFile;
  selection: Selection;
}

function listsDeletes({ content }: ManifestFile): boolean {
  return content === 'deletes';
}

/** The manifests whose partition summaries leave room for matching files. */
async function chooseManifests(
  request: SelectionRequest,
  manifests: readonly ManifestFile[],
  statistics: ScanStatistics,
  pruned: Pruned,
): Promise<ChosenManifest[]> {
  const bound: BoundRequest = {
    predicate: bindFilter(request.filter, request.schema),
    keyPredicate: bindFilter(request.joinKeys, request.schema),
    unmapped: unmappedFields(request.metadata, request.schema),
  };
  const chosen: ChosenManifest[] = [];
  for (const manifest of manifests) {
    await giveWay();
    const selection = selectionFor(request, manifest, bound);
    const { partitionFields } = selection;
    const reason = !mayMatchManifest(selection.partitionPredicate, manifest, partitionFields)
      ? 'manifest'
      : mayMatchManifest(selection.keyPartitionPredicate, manifest, partitionFields)
        ? undefined
        : 'join keys';
    if (reason === undefined) chosen.push({ manifest, selection });
    else if (manifest.content === 'data') {
      const files = (manifest.addedFilesCount ?? 0) + (manifest.existingFilesCount ?? 0);
      pruned[reason] += files;
      statistics.filesTotal += files;
    }
  }
  return chosen;
}

/** Of one request, for all manifests. */
interface BoundRequest {
  predicate: Predicate;
  keyPredicate: Predicate;
  /** Fields whose statistics say nothing of files without field ids. */
  unmapped: ReadonlySet<number>;
}

function selectionFor(
  request: SelectionRequest,
  manifest: ManifestFile,
  { predicate, keyPredicate, unmapped }: BoundRequest,
): Selection {
  const partitionFields = partitionSpecById(request.metadata, manifest.specId).fields;
  const isCertain = (id: number) => !unmapped.has(id);
  const kept = new Set((request.statistics ?? []).filter(isCertain));
  const isData = manifest.content === 'data';
  const decoded = isData
    ? new Set([...[...fieldIdsOf(predicate), ...fieldIdsOf(keyPredicate)].filter(isCertain), ...kept])
    : new Set([deletePathFieldId]);
  return {
    partitionFields,
    partitionPredicate: projectPredicate(predicate, partitionFields),
    predicate,
    keyPartitionPredicate: projectPredicate(keyPredicate, partitionFields),
    keyPredicate,
    statistics: decoded,
    keptStatistics: isData ? kept : decoded,
    addedOnly: request.addedOnly === true,
    share: request.share,
  };
}

function emptyStatistics(manifests: readonly ManifestFile[]): ScanStatistics {
  return {
    manifestsTotal: manifests.length,
    manifestsRead: 0,
    deleteManifestsTotal: manifests.filter(listsDeletes).length,
    deleteManifestsRead: 0,
    filesTotal: 0,
    filesPlanned: 0,
    bytesTotal: 0,
    bytesPlanned: 0,
    deleteFiles: 0,
    prunedBy: [],
  };
}
