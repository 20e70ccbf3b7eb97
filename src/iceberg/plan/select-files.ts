/** Decodes one manifest and keeps the files that may match. Pure, so that it can run in a worker. */
import { Rendezvous } from '../../rendezvous.js';
import type { Share } from '../contract.js';
import { manifestEntries } from '../manifest/reader.js';
import type { DataFile, DeleteFile, ManifestFile, PartitionField } from '../types.js';
import { mayMatchPartition, mayMatchStatistics } from './evaluate.js';
import type { Predicate } from './predicate.js';

export interface Selection {
  partitionFields: readonly PartitionField[];
  /** Over partition field ids. */
  partitionPredicate: Predicate;
  /** Over columns. */
  predicate: Predicate;
  /** The same of join keys, by which files are left out beside the filter. */
  keyPartitionPredicate: Predicate;
  keyPredicate: Predicate;
  /** Columns whose statistics are decoded. */
  statistics: ReadonlySet<number>;
  /** Columns whose statistics stay with the files that are kept. */
  keptStatistics: ReadonlySet<number>;
  /** Only files that the manifest's own snapshot added. */
  addedOnly: boolean;
  /** Of the data files; undefined: all of them. */
  share?: Share | undefined;
}

export interface SelectedFiles {
  files: (DataFile | DeleteFile)[];
  filesTotal: number;
  bytesTotal: number;
  prunedByPartition: number;
  prunedByStatistics: number;
  prunedByKeys: number;
  prunedByShare: number;
}

/** Goes on after each portion of the manifest, so that the caller can pause. */
export function* selectFiles(
  bytes: Uint8Array,
  manifest: ManifestFile,
  selection: Selection,
): Generator<void, SelectedFiles> {
  const { partitionFields, partitionPredicate, predicate, statistics, keptStatistics, addedOnly } = selection;
  const selected: SelectedFiles = {
    files: [],
    filesTotal: 0,
    bytesTotal: 0,
    prunedByPartition: 0,
    prunedByStatistics: 0,
    prunedByKeys: 0,
    prunedByShare: 0,
  };
  const isOwn = ownershipOf(selection);
  for (const entries of manifestEntries(bytes, manifest, { partitionFields, statistics })) {
    for (const { status, file } of entries) {
      if (status === 'deleted' || (addedOnly && status !== 'added')) continue;
      selected.filesTotal++;
      selected.bytesTotal += file.fileSize;
      if (!mayMatchPartition(partitionPredicate, file, partitionFields)) selected.prunedByPartition++;
      // The bounds of a delete file are those of the rows that it removes.
      else if (file.content === 'data' && !mayMatchStatistics(predicate, file, partitionFields))
        selected.prunedByStatistics++;
      else if (!mayHaveKeys(selection, file)) selected.prunedByKeys++;
      else if (!isOwn(file)) selected.prunedByShare++;
      else selected.files.push(keptStatistics === statistics ? file : withStatistics(file, keptStatistics));
    }
    yield;
  }
  return selected;
}

/** Deletes are needed for the files of any server. */
function ownershipOf({ share }: Selection): (file: DataFile | DeleteFile) => boolean {
  if (share === undefined) return () => true;
  const { servers, index } = share;
  const rendezvous = new Rendezvous(servers);
  return ({ content, location }) => content !== 'data' || rendezvous.ownerOf(location) === index;
}

function mayHaveKeys({ partitionFields, keyPartitionPredicate, keyPredicate }: Selection, file: DataFile | DeleteFile) {
  if (!mayMatchPartition(keyPartitionPredicate, file, partitionFields)) return false;
  return file.content !== 'data' || mayMatchStatistics(keyPredicate, file, partitionFields);
}

const statisticsNames = [
  'columnSizes',
  'valueCounts',
  'nullCounts',
  'nanCounts',
  'lowerBounds',
  'upperBounds',
] as const;

function withStatistics<F extends DataFile | DeleteFile>(file: F, kept: ReadonlySet<number>): F {
  for (const name of statisticsNames) {
    const map = file[name];
    if (!map) continue;
    if (kept.size === 0) delete file[name];
    else for (const id of map.keys()) if (!kept.has(id)) map.delete(id);
  }
  return file;
}
