import { addedSnapshots, type TableCommit } from '../../catalog/index.js';
import { messageOf, SkuaError, toSkuaError } from '../../errors.js';
import type { Journal, JournalEntry, Storage } from '../../storage/index.js';
import { displayName } from '../tables/names.js';
import type { PinnedTable } from '../tables/tables.js';

/**
 * What one change of one table has written and no snapshot names yet. All its files are written through a storage that notes them here first,
 * and only here is decided which of them go.
 */
export class PendingFiles {
  readonly #table: PinnedTable;
  readonly #locations = new Set<string>();
  readonly #entry: JournalEntry;
  #storage: Storage;

  constructor(table: PinnedTable, journal: Journal) {
    this.#table = table;
    this.#storage = table.storage;
    this.#entry = journal.entry(table.name);
  }

  /** A state of the table whose storage notes what is written. */
  over(state: PinnedTable): PinnedTable {
    const { storage } = state;
    this.#storage = storage;
    const noting: Storage = {
      read: (location, range, signal) => storage.read(location, range, signal),
      size: (location) => storage.size(location),
      list: (prefix) => storage.list(prefix),
      write: (location, bytes) => {
        this.#add(location);
        return storage.write(location, bytes);
      },
      upload: (location, path, signal) => {
        this.#add(location);
        return storage.upload(location, path, signal);
      },
      remove: (locations) => this.remove(locations),
    };
    return { ...state, storage: noting };
  }

  /** Removes files of which no snapshot can come to know. What can't be removed now is still pending. */
  async remove(locations: readonly string[]): Promise<void> {
    await this.#storage.remove(locations);
    for (const location of locations) this.#locations.delete(location);
    if (this.#locations.size === 0) this.#entry.close();
    else this.#entry.removed(locations);
  }

  /** Before a commit is sent that names the files. */
  sending(commit: TableCommit): void {
    this.#entry.sending({ requirements: commit.requirements, snapshots: addedSnapshots(commit).map(signsOf) });
  }

  /** A snapshot names the files now. */
  committed(): void {
    this.#locations.clear();
    this.#entry.close();
  }

  /** Nobody knows whether a snapshot names the files; whoever next loads the table finds out. */
  leave(): void {
    this.#entry.leave();
  }

  #add(location: string): void {
    this.#entry.adding(location);
    this.#locations.add(location);
  }

  /** Removes all that is pending. What can't be removed now is, by whoever next can. */
  async removeAll(): Promise<void> {
    try {
      await this.remove([...this.#locations]);
    } catch (error) {
      this.#entry.leave();
      throw error;
    }
  }

  /** The same after a failure; the failure, which says so where files had to stay. */
  async discard(failure: unknown): Promise<unknown> {
    try {
      await this.removeAll();
      return failure;
    } catch (error) {
      const { code, message } = toSkuaError(failure);
      const left = `${this.#locations.size} files that it wrote for table ${displayName(this.#table.name)}`;
      return new SkuaError(code, `${message} (${left} could not be removed again: ${messageOf(error)})`, {
        cause: failure,
      });
    }
  }
}

/** By what a table tells whether it holds a snapshot, or ever can. */
function signsOf(snapshot: ReturnType<typeof addedSnapshots>[number]) {
  const { 'snapshot-id': id, 'sequence-number': sequenceNumber, 'first-row-id': firstRowId } = snapshot;
  return { 'snapshot-id': id, 'sequence-number': sequenceNumber, 'first-row-id': firstRowId };
}
