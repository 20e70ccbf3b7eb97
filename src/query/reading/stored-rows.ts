/** The rows that a materialized view keeps: read in place of its query, where they are what that would give now. */
import { SkuaError, toSkuaError } from '../../errors.js';
import { tokenize } from '../../sql/index.js';
import type { StatementContext } from '../environment.js';
import { timeZoneOf } from '../session/time-zone.js';
import { momentaryCall } from '../syntax/volatile.js';
import { displayName } from '../tables/names.js';
import type { PinnedTable } from '../tables/pinned-table.js';
import { isSameState, refreshState, refreshStateOf } from '../tables/refresh-state.js';
import type { View } from '../tables/views.js';
import type { BoundQuery } from './bound-query.js';

interface StoredView {
  view: View;
  /** As it is looked up for the caller. */
  storage: Promise<PinnedTable | View>;
  /** Whether the plan that is carried out reads the kept rows; undefined where there is none. */
  isPlanned: boolean | undefined;
  /** Binds the view's query to all that it is computed from. */
  bindQuery: () => Promise<BoundQuery>;
}

/**
 * The storage table of a view that is fresh, and what its query is bound to; undefined where the rows have to be computed. The caller has to be
 * allowed to read all that the query reads, and to see all of it: what others see is in the kept rows too. A statement that was planned goes on
 * with what it was planned with.
 */
export async function storedRows(
  context: StatementContext,
  { view, storage, isPlanned, bindQuery }: StoredView,
): Promise<{ table: PinnedTable; bound: BoundQuery } | undefined> {
  const table = await orNothing(storage);
  if (!table) return undefined;
  const bound = await bindQuery();
  if (reasonNotToKeep(context, bound) !== undefined) return undefined;
  return (isPlanned ?? holdsNow(view, table, bound)) ? { table, bound } : undefined;
}

function holdsNow(view: View, table: PinnedTable, bound: BoundQuery): boolean {
  const kept = refreshStateOf(table);
  return kept !== undefined && isSameState(kept, stateOf(view, bound, 0));
}

/** What the rows of a view's bound query are computed from. */
export function stateOf(view: View, bound: BoundQuery, startedMs: number) {
  const views = bound.views.filter(({ name }) => displayName(name) !== displayName(view.name));
  return refreshState(view, { tables: bound.tables.values(), views }, startedMs);
}

/** Why rows of a query are not to be kept for others and for later; undefined where they may be. */
export function reasonNotToKeep(context: StatementContext, { sql, rows, tables }: BoundQuery): string | undefined {
  const [listed] = rows.values();
  if (listed) return `it reads ${listed.name}, which no snapshot holds`;
  const call = momentaryCall(tokenize(sql));
  if (call !== undefined) return `${call} has another value at another time, or for somebody else`;
  const zone = timeZoneOf(context.call.session);
  if (zone !== undefined) return `the session's time zone is ${zone}; kept rows are those of UTC`;
  for (const { name, restrictions, isChanged, isStaged, part } of tables.values()) {
    if (restrictions) return `${displayName(name)} is restricted for you`;
    if (isChanged || isStaged) return `the transaction has changed ${displayName(name)}`;
    if (part) return `it reads only a part of ${displayName(name)}`;
  }
  return undefined;
}

/** Undefined also where the caller may not read it, or it is none. */
async function orNothing(storage: Promise<PinnedTable | View>): Promise<PinnedTable | undefined> {
  try {
    const found = await storage;
    return 'sql' in found || found.isChanged || found.isStaged ? undefined : found;
  } catch (error) {
    const { code } = toSkuaError(error);
    if (error instanceof SkuaError && (code === 'NOT_FOUND' || code === 'PERMISSION_DENIED')) return undefined;
    throw error;
  }
}
