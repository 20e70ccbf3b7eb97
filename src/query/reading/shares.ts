/** Queries that several servers answer together, each of the data files that belong to it. */
import { SkuaError } from '../../errors.js';
import type { StatementRequest } from '../contract.js';
import type { BoundQuery } from './bound-query.js';

/** Bytes of the data files of a divisible query's table, as its snapshot tells them; undefined for any other query. */
export function bytesOf({ isDivisible, tables, parameterCount }: BoundQuery): number | undefined {
  const [table] = tables.values();
  if (!isDivisible || !table || parameterCount > 0) return undefined;
  const snapshot = table.metadata.snapshots.find(({ snapshotId }) => snapshotId === table.snapshotId);
  const bytes = Number(snapshot?.summary['total-files-size']);
  return Number.isFinite(bytes) ? bytes : undefined;
}

/** The part of a query that is one server's. Of a query that is not divisible, or no longer: FAILED_PRECONDITION. */
export function shareOf(query: BoundQuery, share: NonNullable<StatementRequest['share']>): BoundQuery {
  if (!query.isDivisible) {
    throw new SkuaError('FAILED_PRECONDITION', 'the query can not be divided among servers any more; plan it again');
  }
  const tables = [...query.tables].map(
    ([name, table]) => [name, { ...table, part: { kind: 'share', ...share } }] as const,
  );
  return { ...query, tables: new Map(tables) };
}
