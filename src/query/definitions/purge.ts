/** DROP TABLE … PURGE: the files go with the table. */
import { SkuaError, toSkuaError } from '../../errors.js';
import { forEachLocation } from '../../iceberg/index.js';
import { type JournalEntry, normalizeLocation } from '../../storage/index.js';
import type { StatementContext } from '../environment.js';
import { placesOf } from '../maintenance/places.js';
import { requireGarbageCollection } from '../maintenance/removal.js';
import { displayName, type TableName } from '../tables/names.js';
import { refuseMaintenance } from '../tables/restricted.js';
import { catalogOf, loadTable, type PinnedTable } from '../tables/tables.js';
import { authorizeChange } from '../writing/write.js';

/** Files that go with one request. */
const AT_A_TIME = 1000;

/**
 * Lets the catalog purge the table. Where it can't, Skua drops the table and then removes the files of all its snapshots, as far as they are in the
 * table's own places; for that the caller has to be allowed to change its rows. The journal knows the files before the table is dropped, so that the
 * next start removes what a server that is killed leaves, once it is known that the table is gone.
 */
export async function purgeTable(context: StatementContext, name: TableName): Promise<void> {
  const catalog = catalogOf(context, name.catalog);
  try {
    await catalog.dropTable(name, { purge: true });
    return;
  } catch (error) {
    if (!isRefusalToPurge(error)) throw error;
  }
  const statement = 'DROP TABLE … PURGE';
  const table = await loadTable(context, name);
  refuseMaintenance(table, statement);
  requireGarbageCollection(table, statement);
  await authorizeChange(context, table);
  const files = await filesOf(context, table);
  const entry = context.environment.journal.entry(name);
  for (const file of files) entry.adding(file);
  // Until the catalog has answered, nobody may take the files for a dropped table's.
  entry.sending({ drop: table.metadata.tableUuid });
  try {
    await catalog.dropTable(name, { purge: false });
  } catch (error) {
    if (await isThere(context, table)) entry.close();
    else entry.leave();
    throw error;
  }
  entry.unnamed();
  await remove(table, files, entry);
}

/** False also where that can't be told. */
async function isThere(context: StatementContext, { name, metadata }: PinnedTable): Promise<boolean> {
  return loadTable(context, name).then(
    (now) => now.metadata.tableUuid === metadata.tableUuid,
    () => false,
  );
}

/** The caller may do it, and the catalog does not: it is told not to, or knows no way. */
function isRefusalToPurge(error: unknown): boolean {
  const { code, message } = toSkuaError(error);
  if (code === 'UNIMPLEMENTED') return true;
  return (code === 'PERMISSION_DENIED' || code === 'INVALID_ARGUMENT') && /\bpurge/i.test(message);
}

/** Data before the metadata that names it. */
async function filesOf({ call }: StatementContext, { metadata, storage, loaded }: PinnedTable): Promise<string[]> {
  const places = placesOf(metadata).map(normalizeLocation);
  const files = new Set<string>();
  const look = (location: string) => {
    if (places.some((place) => normalizeLocation(location).startsWith(place))) files.add(location);
  };
  await forEachLocation({ metadata, storage, signal: call.signal }, look);
  if (loaded.metadataLocation !== undefined) look(loaded.metadataLocation);
  return [...files].reverse();
}

/** The table is gone: the statement can't be taken back, and a client that leaves does not end it. */
async function remove(table: PinnedTable, files: readonly string[], entry: JournalEntry): Promise<void> {
  for (let start = 0; start < files.length; start += AT_A_TIME) {
    const some = files.slice(start, start + AT_A_TIME);
    try {
      await table.storage.remove(some);
    } catch (error) {
      entry.leave();
      const { code, message } = toSkuaError(error);
      const left = `${displayName(table.name)} is dropped, but ${files.length - start} of its files were left`;
      throw new SkuaError(code, `${left}: ${message}. The journal has their names`, { cause: error });
    }
    entry.removed(some);
  }
  entry.close();
}
