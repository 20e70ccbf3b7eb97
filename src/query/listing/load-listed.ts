import { UnusableAnswer } from '../../catalog/index.js';
import { type ErrorCode, SkuaError } from '../../errors.js';
import { inParallel } from '../../parallel.js';
import type { TableEntry } from '../contract.js';
import type { StatementContext } from '../environment.js';
import { namespaceOf, type TableName } from '../tables/names.js';

export const AT_ONCE = 16;

/** Failures that are not those of one table: the next one would fail as well. */
const ENDS_LISTING: ErrorCode[] = [
  'UNAUTHENTICATED',
  'UNAVAILABLE',
  'CANCELLED',
  'DEADLINE_EXCEEDED',
  'RESOURCE_EXHAUSTED',
];

/**
 * Loads each of what a listing named. What the caller may not see, what was dropped meanwhile and what can't be understood is undefined, the
 * last with a warning in the log, so that one broken table hides no other. An outage of the catalog is an error.
 */
export async function loadListed<R>(
  context: StatementContext,
  entries: readonly TableEntry[],
  load: (name: TableName) => Promise<R>,
): Promise<(R | undefined)[]> {
  const failures: { entry: TableEntry; error: unknown }[] = [];
  const loaded = await inParallel(entries, AT_ONCE, async (entry) => {
    try {
      return await unlessRefused(load({ ...entry, namespace: namespaceOf(entry.schema), name: entry.table }));
    } catch (error) {
      if (context.call.signal.aborted || endsListing(error)) throw error;
      failures.push({ entry, error });
      return undefined;
    }
  });
  const fault = failures.find(({ error }) => error instanceof UnusableAnswer && error.status >= 500);
  if (fault && loaded.every((one) => one === undefined)) throw fault.error;
  for (const { entry, error } of failures) {
    const table = `${entry.catalog}.${entry.schema}.${entry.table}`;
    context.environment.warn({ table, error }, 'A table or view is left out of a listing, for it can not be loaded');
  }
  return loaded;
}

function endsListing(error: unknown): boolean {
  if (!(error instanceof SkuaError) || error instanceof UnusableAnswer) return false;
  return ENDS_LISTING.includes(error.code);
}

/** What the caller may not see, or what went away between listing and loading, is no error in a listing. */
export async function unlessRefused<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof SkuaError && (error.code === 'PERMISSION_DENIED' || error.code === 'NOT_FOUND'))
      return undefined;
    throw error;
  }
}
