/** What staging a statement came to, for EXPLAIN. */
import type { RestrictedScan, ScanFigures, ScanProfile } from '../contract.js';
import { deletePaths } from './delete-paths.js';
import { describeKeys } from './staging/join-keys.js';
import type { StagedStatement, StagedTable } from './staging/stage-statement.js';

export function profileOf({ tables, local }: StagedStatement): ScanProfile[] {
  return tables.map((table) => ({
    columns: table.demand?.columns ?? [],
    read: restrictedScan(table) ?? figuresOf(table, local.fetched(pathsOf(table))),
  }));
}

function pathsOf({ files }: StagedTable): string[] {
  const sources = files.map(({ source }) => source);
  return [...sources.map(({ path }) => path), ...deletePaths(sources)];
}

function restrictedScan({ table: { barrier } }: StagedTable): RestrictedScan | undefined {
  if (!barrier) return undefined;
  return { kind: 'restricted', filtersRows: barrier.condition !== undefined, masked: barrier.maskedFields };
}

function figuresOf(
  { plan, learnt, files, filesUnread }: StagedTable,
  { fetchedBytes, cachedBytes }: { fetchedBytes: number; cachedBytes: number },
): ScanFigures {
  const sum = (of: 'rowGroups' | 'rowGroupsSkipped') => files.reduce((total, file) => total + file[of], 0);
  return {
    kind: 'figures',
    plan: plan.statistics,
    joinKeys: describeKeys(learnt),
    filesRead: files.filter(({ isContinued }) => !isContinued).length,
    filesUnread,
    rowGroups: sum('rowGroups'),
    rowGroupsSkipped: sum('rowGroupsSkipped'),
    filesDecoded: files.filter(({ isDecoded }) => isDecoded).length,
    bytesFetched: fetchedBytes,
    bytesCached: cachedBytes,
  };
}
