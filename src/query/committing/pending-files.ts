import { messageOf, SkuaError, toSkuaError } from '../../errors.js';
import type { Storage } from '../../storage/index.js';
import { displayName } from '../tables/names.js';
import type { PinnedTable } from '../tables/tables.js';

/**
 * What one change of one table has written and no snapshot names yet. All its files are written through a storage that notes them here first,
 * and only here is decided which of them go.
 */
export class PendingFiles {
  readonly #locations = new Set<string>();
  #storage: Storage;

  constructor(private readonly table: PinnedTable) {
    this.#storage = table.storage;
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
        this.#locations.add(location);
        return storage.write(location, bytes);
      },
      upload: (location, path, signal) => {
        this.#locations.add(location);
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
  }

  /** Removes all that is pending. */
  removeAll(): Promise<void> {
    return this.remove([...this.#locations]);
  }

  /** The same after a failure; the failure, which says so where files had to stay. */
  async discard(failure: unknown): Promise<unknown> {
    try {
      await this.removeAll();
      return failure;
    } catch (error) {
      const { code, message } = toSkuaError(failure);
      const left = `${this.#locations.size} files that it wrote for table ${displayName(this.table.name)}`;
      return new SkuaError(code, `${message} (${left} could not be removed again: ${messageOf(error)})`, {
        cause: failure,
      });
    }
  }
}
