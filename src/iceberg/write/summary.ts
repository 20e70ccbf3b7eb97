/** Snapshot summaries (Iceberg spec, Appendix F, "Optional Snapshot Summary Fields"). */
import { partitionKey } from '../partition-types.js';
import type { DataFile, DeleteFile, Snapshot } from '../types.js';

interface Counters {
  dataFiles: number;
  records: number;
  size: number;
  deleteFiles: number;
  positionDeleteFiles: number;
  equalityDeleteFiles: number;
  vectors: number;
  positionDeletes: number;
  equalityDeletes: number;
}

/** The summary of a change on top of its parent. Totals go on from the parent's; one that the parent lacks stays away. */
export function summarizeChange(
  operation: string,
  added: readonly (DataFile | DeleteFile)[],
  removed: readonly (DataFile | DeleteFile)[],
  parent: Snapshot | undefined,
): Record<string, string> {
  const plus = count(added);
  const minus = count(removed);
  const summary: Record<string, string> = { operation };
  const put = (key: string, value: number) => {
    if (value > 0) summary[key] = String(value);
  };
  put('added-data-files', plus.dataFiles);
  put('deleted-data-files', minus.dataFiles);
  put('added-delete-files', plus.deleteFiles);
  put('removed-delete-files', minus.deleteFiles);
  put('added-equality-delete-files', plus.equalityDeleteFiles);
  put('removed-equality-delete-files', minus.equalityDeleteFiles);
  put('added-position-delete-files', plus.positionDeleteFiles);
  put('removed-position-delete-files', minus.positionDeleteFiles);
  put('added-dvs', plus.vectors);
  put('removed-dvs', minus.vectors);
  put('added-records', plus.records);
  put('deleted-records', minus.records);
  put('added-files-size', plus.size);
  put('removed-files-size', minus.size);
  put('added-position-deletes', plus.positionDeletes);
  put('removed-position-deletes', minus.positionDeletes);
  put('added-equality-deletes', plus.equalityDeletes);
  put('removed-equality-deletes', minus.equalityDeletes);
  const partitions = new Set([...added, ...removed].map((file) => `${file.specId}:${partitionKey(file.partition)}`));
  summary['changed-partition-count'] = String(partitions.size);
  const total = (key: string, difference: number) => {
    const before = parent ? Number(parent.summary[key]) : 0;
    if (Number.isFinite(before) && before + difference >= 0) summary[key] = String(before + difference);
  };
  total('total-records', plus.records - minus.records);
  total('total-files-size', plus.size - minus.size);
  total('total-data-files', plus.dataFiles - minus.dataFiles);
  total('total-delete-files', plus.deleteFiles - minus.deleteFiles);
  total('total-position-deletes', plus.positionDeletes - minus.positionDeletes);
  total('total-equality-deletes', plus.equalityDeletes - minus.equalityDeletes);
  return summary;
}

function count(files: readonly (DataFile | DeleteFile)[]): Counters {
  const counters: Counters = {
    dataFiles: 0,
    records: 0,
    size: 0,
    deleteFiles: 0,
    positionDeleteFiles: 0,
    equalityDeleteFiles: 0,
    vectors: 0,
    positionDeletes: 0,
    equalityDeletes: 0,
  };
  for (const file of files) {
    counters.size += file.content === 'data' ? file.fileSize : (file.contentSize ?? file.fileSize);
    if (file.content === 'data') {
      counters.dataFiles++;
      counters.records += file.recordCount;
      continue;
    }
    counters.deleteFiles++;
    if (file.content === 'equality-deletes') {
      counters.equalityDeleteFiles++;
      counters.equalityDeletes += file.recordCount;
    } else {
      if (file.format === 'puffin') counters.vectors++;
      else counters.positionDeleteFiles++;
      counters.positionDeletes += file.recordCount;
    }
  }
  return counters;
}
