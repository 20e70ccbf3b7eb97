/**
 * Removes what statements have left behind whose server was killed, or whose outcome nobody knew: with the token of whoever comes to the table
 * next, and never a file that a snapshot names, nor one of a commit that may still take effect.
 */
import { commitState, type TableCommit } from '../../catalog/index.js';
import { messageOf } from '../../errors.js';
import { forEachLocation } from '../../iceberg/index.js';
import { abortController } from '../../signal.js';
import { type Leftover, normalizeLocation } from '../../storage/index.js';
import type { QueryEnvironment, StatementContext } from '../environment.js';
import { displayName, tableKey } from '../tables/names.js';
import { loadTable, metadataCacheOf, type PinnedTable } from '../tables/tables.js';

/** How long a caller who came in vain is not tried again with, in milliseconds. */
const PAUSE = 10_000;
const MOST_TRIES = 10_000;

/** When somebody was last tried with, by table and principal, oldest first. */
const tried = new WeakMap<QueryEnvironment, Map<string, number>>();

/** Begins it where there is something to do. Nothing waits for it, and nothing fails by it. */
export function recoverFiles(
  context: StatementContext,
  { name, isStaged }: Pick<PinnedTable, 'name' | 'isStaged'>,
): void {
  const { environment, call } = context;
  if (
    isStaged ||
    !environment.journal.hasLeft(name) ||
    !mayTry(environment, `${tableKey(name)} ${call.principal.subject}`)
  )
    return;
  const { principal, session } = call;
  const own = { principal, session, signal: abortController().signal, report: {} };
  const alone = { ...context, transaction: undefined, call: own };
  recover(alone, name).catch((error: unknown) => {
    const details = { table: displayName(name), reason: messageOf(error) };
    environment.warn(details, 'Files that a statement left behind could not be removed yet');
  });
}

function mayTry(environment: QueryEnvironment, key: string): boolean {
  const times = tried.get(environment) ?? new Map<string, number>();
  tried.set(environment, times);
  if (performance.now() - (times.get(key) ?? Number.NEGATIVE_INFINITY) < PAUSE) return false;
  times.delete(key);
  times.set(key, performance.now());
  const [oldest] = times.keys();
  if (oldest !== undefined && times.size > MOST_TRIES) times.delete(oldest);
  return true;
}

async function recover(context: StatementContext, name: PinnedTable['name']): Promise<void> {
  const leftovers = await context.environment.journal.take(name);
  for (const [index, leftover] of leftovers.entries()) {
    try {
      const isDone = await removeUnnamed(context, await loadTable(context, name), leftover);
      await (isDone ? leftover.done() : leftover.giveBack());
    } catch (error) {
      for (const other of leftovers.slice(index)) await other.giveBack();
      throw error;
    }
  }
}

/** False where a commit may still take effect. */
async function removeUnnamed(
  context: StatementContext,
  table: PinnedTable,
  { locations, sent }: Leftover,
): Promise<boolean> {
  const drops = sent.flatMap((commit) => (isDrop(commit) ? [commit.drop] : []));
  // The table that was to be dropped is there, or another one of its name; then that one may have got another name.
  if (drops.length > 0) return drops.every((uuid) => uuid === table.metadata.tableUuid);
  const wanted = new Map(locations.map((location) => [normalizeLocation(location), location]));
  if (sent.length > 0) {
    const states = sent.map((commit) => commitState([{ commit: commitOf(commit), table: table.loaded }]));
    if (states.some((state) => state === 'open' || state === 'gone')) return false;
    const { metadata, storage } = table;
    const source = { metadata, storage, cache: metadataCacheOf(context, table), signal: context.call.signal };
    await forEachLocation(source, (location) => wanted.delete(normalizeLocation(location)));
  }
  await table.storage.remove([...wanted.values()]);
  return true;
}

/** Of a table that was to be dropped, with all its files. */
function isDrop(sent: unknown): sent is { drop: string } {
  return typeof sent === 'object' && sent !== null && 'drop' in sent;
}

/** As the journal keeps it. */
function commitOf(json: unknown): TableCommit {
  const { requirements, snapshots } = json as {
    requirements: TableCommit['requirements'];
    snapshots: ({ 'snapshot-id': bigint | number } & Record<string, unknown>)[];
  };
  return {
    requirements,
    updates: snapshots.map((snapshot) => ({
      action: 'add-snapshot',
      snapshot: { ...snapshot, 'snapshot-id': BigInt(snapshot['snapshot-id']) },
    })),
  };
}

/**
 * Removes what was written for commits that were never sent, where the configured keys, or the local disk, are enough for that; the rest waits
 * for somebody who comes to its table.
 */
export async function removeUncommitted({
  journal,
  catalogs,
  openStorage,
  warn,
}: Pick<QueryEnvironment, 'journal' | 'catalogs' | 'openStorage' | 'warn'>): Promise<void> {
  for (const leftover of await journal.take()) {
    try {
      const catalog = catalogs.get(leftover.table.catalog);
      if (leftover.sent.some(isDrop)) tellOfDrop(leftover, warn);
      if (leftover.sent.length > 0 || !catalog) {
        await leftover.giveBack();
        continue;
      }
      await openStorage(catalog.configuredAccess()).remove(leftover.locations);
      await leftover.done();
    } catch {
      await leftover.giveBack();
    }
  }
}

/** By the first of their files. */
const told = new Set<string>();

function tellOfDrop({ table, locations: [first = '', ...others] }: Leftover, warn: QueryEnvironment['warn']): void {
  if (told.has(first)) return;
  told.add(first);
  const { catalog, namespace, name } = table;
  const details = { table: [catalog, ...namespace, name].join('.'), files: 1 + others.length, first };
  warn(details, 'A server ended while it dropped a table with its files. If the table is gone, they are still there');
}
