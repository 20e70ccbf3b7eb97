import type { FileTask } from '../../iceberg/contract.js';
import { onlyDataFile, removalKey } from '../../iceberg/index.js';
import type { DeleteFile } from '../../iceberg/types.js';

export interface Removal {
  addedDeletes: DeleteFile[];
  /** As `SnapshotChange.removed`. */
  removed: string[];
}

/** What goes with a data file: the file, and deletes that are about it alone. */
export function withItsDeletes({ file, deletes }: FileTask): string[] {
  return [file.location, ...ownDeletes({ file, deletes }).map(removalKey)];
}

/** The deletes that are about this data file alone. */
export function ownDeletes({ file, deletes }: FileTask): DeleteFile[] {
  return deletes.filter(
    (candidate) => candidate.content === 'position-deletes' && onlyDataFile(candidate) === file.location,
  );
}
