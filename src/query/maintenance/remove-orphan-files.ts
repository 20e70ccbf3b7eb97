/** remove_orphan_files. */
import { SkuaError } from '../../errors.js';
import { forEachLocation } from '../../iceberg/index.js';
import type { TableMetadata } from '../../iceberg/types.js';
import { normalizeLocation } from '../../storage/index.js';
import type { StatementContext } from '../environment.js';
import { chosenDuration } from '../session/chosen-settings.js';
import { displayName } from '../tables/names.js';
import { loadTable, type PinnedTable } from '../tables/tables.js';
import { authorizeChange } from '../writing/write.js';
import type { Arguments } from './arguments.js';
import { optional, required } from './parameter.js';
import { asFolder, placesOf } from './places.js';
import { answer, type Procedure } from './procedure.js';
import { removeFiles, requireGarbageCollection } from './removal.js';
import { tableToChange } from './target.js';

const THREE_DAYS = 3 * 86_400_000;

/**
 * Files below the table's location that nothing of the table names, and that were written long enough ago not to belong to a change that is under
 * way. The folders are listed first and the table is loaded after that, so that what somebody commits meanwhile is known.
 */
export const removeOrphanFiles: Procedure = {
  parameters: [
    required('table', 'string'),
    optional('older_than', 'timestamp'),
    optional('location', 'string'),
    optional('dry_run', 'boolean'),
    optional('max_concurrent_deletes', 'int'),
    optional('file_list_view', 'string'),
    optional('equal_schemes', 'map'),
    optional('equal_authorities', 'map'),
    optional('prefix_mismatch_mode', 'string'),
    optional('prefix_listing', 'boolean'),
    optional('stream_results', 'boolean'),
  ],
  schema: answer({ orphan_file_location: 'string' }),
  async run(context, given) {
    refuseOptions(given);
    const table = await tableToChange(context, given);
    requireGarbageCollection(table, given.statement);
    const olderThan = olderThanOf(context, given);
    const root = rootOf(table, given.string('location'));
    const isDryRun = given.boolean('dry_run') ?? false;
    if (!isDryRun) await authorizeChange(context, table);
    const spelling = spellingOf(given);
    const candidates = await listed(context, table, { root, olderThan, spelling });
    const now = await loadTable(context, table.name);
    if (now.metadata.tableUuid !== table.metadata.tableUuid) {
      throw new SkuaError(
        'ABORTED',
        `Table ${displayName(table.name)} was replaced by another one meanwhile; try again`,
      );
    }
    await dropReachable(context, now, candidates, { spelling, mode: mismatchMode(given) });
    const orphans = [...candidates.values()];
    if (!isDryRun) await removeFiles(context, now, orphans, 'Files that came before them are removed');
    return orphans.sort().map((location) => [location]);
  },
};

function refuseOptions(given: Arguments): void {
  given.count('max_concurrent_deletes');
  if (given.string('file_list_view') !== undefined) {
    throw new SkuaError('UNIMPLEMENTED', 'file_list_view is not supported: the files are those that the store lists');
  }
  mismatchMode(given);
}

const MODES = ['ERROR', 'IGNORE', 'DELETE'] as const;

/** What is done with a file whose path the table names with another scheme or authority. */
function mismatchMode(given: Arguments): (typeof MODES)[number] {
  const wanted = given.string('prefix_mismatch_mode')?.toUpperCase() ?? 'ERROR';
  const mode = MODES.find((one) => one === wanted);
  if (mode !== undefined) return mode;
  throw new SkuaError('INVALID_ARGUMENT', `prefix_mismatch_mode is ERROR, IGNORE or DELETE, not '${wanted}'`);
}

/** A change that is under way has files that no snapshot names yet; less than a day ago is refused unless the session allows it. */
function olderThanOf(context: StatementContext, given: Arguments): number {
  const now = Date.now();
  const olderThan = given.timestamp('older_than') ?? now - THREE_DAYS;
  const shortest = chosenDuration(context, 'remove_orphan_files_min_retention');
  if (now - olderThan >= shortest) return olderThan;
  throw new SkuaError(
    'INVALID_ARGUMENT',
    `${given.statement} keeps files of the last ${shortest / 3_600_000} hours: changes that are under way would lose theirs, and the table would be damaged. ` +
      "Where you know that nothing writes to the table, SET remove_orphan_files_min_retention = '0s' allows it",
  );
}

/**
 * The table's location, or what is below it and `location` names. Other places that its properties name may be those of other tables, too, whose files
 * this one does not know: they are looked through only where `location` names one.
 */
function rootOf({ name, metadata }: PinnedTable, location: string | undefined): string {
  const own = normalizeLocation(asFolder(metadata.location));
  if (location === undefined) return own;
  const wanted = `${normalizeLocation(location).replace(/\/+$/, '')}/`;
  const places = [...new Set(placesOf(metadata).map(normalizeLocation))];
  if (!wanted.includes('/../') && places.some((place) => wanted.startsWith(place))) return wanted;
  throw new SkuaError(
    'INVALID_ARGUMENT',
    `The location '${location}' is not below that of table ${displayName(name)}: ${places.join(', ')}`,
  );
}

/** Old files, by one spelling of their location. */
async function listed(
  { call }: StatementContext,
  { metadata, storage }: PinnedTable,
  { root, olderThan, spelling }: { root: string; olderThan: number; spelling: Spelling },
): Promise<Map<string, string>> {
  const isHidden = hiddenIn(metadata);
  const found = new Map<string, string>();
  for await (const { location, modifiedMs } of storage.list(root)) {
    call.signal.throwIfAborted();
    if (modifiedMs < olderThan && !isHidden(location.slice(root.length))) found.set(spelling(location), location);
  }
  return found;
}

/** Names that begin with `_` or `.` belong to other programs, unless they are those of partitions. */
function hiddenIn({ partitionSpecs }: TableMetadata): (path: string) => boolean {
  const folders = partitionSpecs.flatMap(({ fields }) => fields.map(({ name }) => `${name}=`));
  return (path) =>
    path.split('/').some((part) => /^[._]/.test(part) && !folders.some((folder) => part.startsWith(folder)));
}

async function dropReachable(
  { call }: StatementContext,
  { metadata, storage, loaded }: PinnedTable,
  candidates: Map<string, string>,
  { spelling, mode }: { spelling: Spelling; mode: (typeof MODES)[number] },
): Promise<void> {
  /** Candidates by their path alone, to tell files that are named by another bucket. */
  const byPath = new Map<string, string>();
  for (const key of candidates.keys()) byPath.set(pathOf(key), key);
  const look = (location: string) => {
    const key = spelling(location);
    if (candidates.delete(key)) return;
    const other = byPath.get(pathOf(key));
    if (other === undefined || !candidates.has(other) || mode === 'DELETE') return;
    if (mode === 'ERROR') {
      throw new SkuaError(
        'FAILED_PRECONDITION',
        `The table names ${location}, and ${candidates.get(other)} is there: if they are one file say so with equal_authorities, else set prefix_mismatch_mode to IGNORE or DELETE`,
      );
    }
    candidates.delete(other);
  };
  await forEachLocation({ metadata, storage, signal: call.signal }, look);
  if (loaded.metadataLocation !== undefined) look(loaded.metadataLocation);
  for (const [key, location] of candidates) if (location.endsWith('/version-hint.text')) candidates.delete(key);
}

/** One spelling for the names of one file. */
type Spelling = (location: string) => string;

/** That of `normalizeLocation`, with schemes and authorities replaced by those that they are said to equal. */
function spellingOf(given: Arguments): Spelling {
  const schemes = spelledOut(given.map('equal_schemes'));
  const authorities = spelledOut(given.map('equal_authorities'));
  return (location) =>
    normalizeLocation(location).replace(/^([a-z0-9+.-]+):\/\/([^/]*)/i, (_, written: string, authority: string) => {
      const scheme = written.toLowerCase();
      return `${schemes.get(scheme) ?? scheme}://${authorities.get(authority) ?? authority}`;
    });
}

/** A key is a list with commas. */
function spelledOut(given: ReadonlyMap<string, string>): Map<string, string> {
  return new Map([...given].flatMap(([names, name]) => names.split(',').map((one) => [one.trim(), name] as const)));
}

function pathOf(location: string): string {
  return location.replace(/^[a-z0-9+.-]+:\/\/[^/]*/i, '');
}
