/** Files that maintenance removes from the store. */
import { messageOf, SkuaError, toSkuaError } from '../../errors.js';
import type { StatementContext } from '../environment.js';
import { displayName } from '../tables/names.js';
import type { PinnedTable } from '../tables/tables.js';

/** Files that go with one request of this room, so that a statement that is ended ends soon. */
const AT_A_TIME = 1000;

/** `done` says what has happened already when files can't be removed. */
export async function removeFiles(
  { call }: StatementContext,
  table: PinnedTable,
  locations: readonly string[],
  done: string,
): Promise<void> {
  for (let start = 0; start < locations.length; start += AT_A_TIME) {
    try {
      call.signal.throwIfAborted();
      await table.storage.remove(locations.slice(start, start + AT_A_TIME));
    } catch (error) {
      const { code } = toSkuaError(error);
      const left = `${done}, but ${locations.length - start} files of ${displayName(table.name)} were left`;
      throw new SkuaError(code, `${left}: ${messageOf(error)}. remove_orphan_files finds them`, { cause: error });
    }
  }
}

/** The table property `gc.enabled`, for tables whose files belong to others too: FAILED_PRECONDITION. */
export function requireGarbageCollection({ name, metadata }: PinnedTable, statement: string): void {
  if (metadata.properties['gc.enabled']?.toLowerCase() !== 'false') return;
  throw new SkuaError(
    'FAILED_PRECONDITION',
    `${statement} removes files, which the property gc.enabled of ${displayName(name)} forbids`,
  );
}
