/** Data files that are replaced by new ones with the same rows, and what other commits mean for them. */
import type { FileTask, SnapshotChange } from '../../../iceberg/contract.js';
import { removalKey } from '../../../iceberg/index.js';
import type { DataFile, DeleteFile } from '../../../iceberg/types.js';
import type { Proposal } from '../../committing/contract.js';
import { changedMeanwhile } from '../../committing/lost-race.js';
import type { StatementContext } from '../../environment.js';
import { refuseMaintenance } from '../../tables/restricted.js';
import type { PinnedTable } from '../../tables/tables.js';
import { proposal } from '../../writing/write.js';
import { allFiles } from './planned-files.js';

/** Files that are written together. */
export interface Batch {
  tasks: FileTask[];
  added: DataFile[];
  /**
   * The new files count as that old, so that equality deletes which others commit meanwhile still apply to their rows; undefined for as old as
   * their own commit.
   */
  sequenceNumber: number | undefined;
}

export interface Rewritten {
  files: number;
  added: number;
  bytes: number;
  removedDeletes: number;
}

/** Writes the rows of tasks anew, as files that belong to no snapshot yet. */
export type Rewrite = (
  context: StatementContext,
  state: PinnedTable,
  tasks: readonly FileTask[],
) => Promise<DataFile[]>;

export class Rewriting {
  readonly #base: PinnedTable;
  readonly #batches: readonly Batch[];
  readonly #statement: string;
  readonly #rewrite: Rewrite;
  /** Of the last proposal. */
  outcome: Rewritten = { files: 0, added: 0, bytes: 0, removedDeletes: 0 };

  constructor(base: PinnedTable, batches: readonly Batch[], statement: string, rewrite: Rewrite) {
    this.#base = base;
    this.#batches = batches;
    this.#statement = statement;
    this.#rewrite = rewrite;
  }

  async propose(
    context: StatementContext,
    state: PinnedTable,
    { mayCompute }: { mayCompute: boolean },
  ): Promise<Proposal | undefined> {
    refuseMaintenance(state, this.#statement);
    const files = await allFiles(context, state);
    const current = new Map(files.map((task) => [task.file.location, task]));
    for (const batch of this.#batches) {
      if (batch.tasks.every((task) => isAsRead(task, current.get(task.file.location), batch.sequenceNumber))) continue;
      if (!mayCompute) throw changedMeanwhile(this.#base, state, 'files that were to be rewritten');
      await this.#again(context, state, batch, current);
    }
    const { change, outcome } = changeOf(this.#batches, files, current);
    this.outcome = outcome;
    return change && proposal(context, state, change);
  }

  /** What is left of the batch's files; those that are gone were somebody else's to replace. */
  async #again(
    context: StatementContext,
    state: PinnedTable,
    batch: Batch,
    current: ReadonlyMap<string, FileTask>,
  ): Promise<void> {
    await state.storage.remove(batch.added.map(({ location }) => location));
    batch.added = [];
    batch.tasks = batch.tasks.flatMap(({ file }) => current.get(file.location) ?? []);
    if (batch.sequenceNumber !== undefined) batch.sequenceNumber = sequenceNumberOf(state);
    if (batch.tasks.length > 0) batch.added = await this.#rewrite(context, state, batch.tasks);
  }
}

/** Of the current snapshot; undefined in format version 1, which has none. */
export function sequenceNumberOf({ metadata, snapshotId }: PinnedTable): number | undefined {
  if (metadata.formatVersion === 1) return undefined;
  return metadata.snapshots.find((snapshot) => snapshot.snapshotId === snapshotId)?.sequenceNumber;
}

/** Whether a file has the rows that it had, but for those that later equality deletes take from the new file as well. */
function isAsRead(before: FileTask, now: FileTask | undefined, sequenceNumber: number | undefined): boolean {
  if (!now) return false;
  const known = new Set(before.deletes.map(removalKey));
  const kept = now.deletes.filter((deletes) => known.has(removalKey(deletes)));
  const added = now.deletes.filter((deletes) => !known.has(removalKey(deletes)));
  return (
    kept.length === known.size &&
    added.every((deletes) => deletes.content === 'equality-deletes' && isLater(deletes, sequenceNumber))
  );
}

function isLater(deletes: DeleteFile, sequenceNumber: number | undefined): boolean {
  return sequenceNumber !== undefined && (deletes.sequenceNumber ?? 0) > sequenceNumber;
}

/** The new files for the old ones, and without deletes that apply to none but the old ones. */
function changeOf(
  batches: readonly Batch[],
  files: readonly FileTask[],
  current: ReadonlyMap<string, FileTask>,
): { change: SnapshotChange | undefined; outcome: Rewritten } {
  const gone = new Map<string, DeleteFile>();
  const removed = new Set<string>();
  const added: DataFile[] = [];
  let bytes = 0;
  for (const { tasks, added: written, sequenceNumber } of batches) {
    added.push(...written.map((file) => (sequenceNumber === undefined ? file : { ...file, sequenceNumber })));
    for (const { file } of tasks) {
      removed.add(file.location);
      bytes += file.fileSize;
      for (const deletes of current.get(file.location)?.deletes ?? []) {
        if (!isLater(deletes, sequenceNumber)) gone.set(removalKey(deletes), deletes);
      }
    }
  }
  const count = removed.size;
  if (gone.size > 0) {
    for (const { file, deletes } of files) {
      if (!removed.has(file.location)) for (const one of deletes) gone.delete(removalKey(one));
    }
  }
  const outcome = { files: count, added: added.length, bytes, removedDeletes: gone.size };
  if (count === 0) return { change: undefined, outcome };
  return { change: { operation: 'replace', added, removed: [...removed, ...gone.keys()] }, outcome };
}
